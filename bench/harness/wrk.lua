-- Sends the requests of a file in turn, and counts answers that tell of errors.
-- REQUESTS: raw HTTP requests, separated by NUL. THINK_MS: mean pause of a connection, 0 for none.
-- STATUS: of good answers; only a 200 has a body.
-- PLACEHOLDER: what becomes another name of the same length with every request, if it is in one. Half
-- of it is TAG, which no other run has, and the other half a number.

local raw = {}
local turn = 0
local think = tonumber(os.getenv("THINK_MS")) or 0
local expected = tonumber(os.getenv("STATUS")) or 200
local placeholder = os.getenv("PLACEHOLDER") or ""
local tag = os.getenv("TAG") or ""
local threads = {}

for request in io.open(os.getenv("REQUESTS"), "rb"):read("*a"):gmatch("[^%z]+") do
  local at, stop = request:find(placeholder, 1, true)
  if placeholder == "" or not at then
    raw[#raw + 1] = request
  else
    raw[#raw + 1] = { request:sub(1, at - 1), request:sub(stop + 1) }
  end
end

bad = 0
sample = ""
sent = 0
-- Names that were made, and those that came back in an answer.
made = 0
seen = 0

function setup(thread)
  threads[#threads + 1] = thread
end

function init()
  math.randomseed(os.time())
  -- Another user to begin with in every run.
  turn = math.random(#raw)
end

function request()
  turn = turn % #raw + 1
  sent = sent + 1
  local one = raw[turn]
  if type(one) == "string" then
    return one
  end
  made = made + 1
  return one[1] .. tag .. string.format("%0" .. #placeholder - #tag .. "d", made) .. one[2]
end

-- Pauses of random length, so that connections don't march in step: nearly a Poisson stream.
if think > 0 then
  function delay()
    return -think * math.log(1 - math.random())
  end
end

function response(status, headers, body)
  if made > 0 and body:find(tag, 1, true) then
    seen = seen + 1
  end
  local broken = expected == 200 and (#body == 0 or body:find('"errors"', 1, true))
  if status ~= expected or broken then
    bad = bad + 1
    if bad == 1 then
      sample = status .. " " .. body:sub(1, 2000)
    end
  end
end

function done(summary, latency)
  local errors = summary.errors
  local wrong = errors.connect + errors.read + errors.write + errors.timeout
  -- wrk asks for one request that it never sends, to see what the script makes.
  local all = -1
  local lost = 0
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("bad")
    all = all + thread:get("sent")
    lost = lost + thread:get("made") - thread:get("seen")
    if thread:get("bad") > 0 then
      io.write("BAD ", thread:get("sample"), "\n")
    end
  end
  -- What was under way at the end was not answered; all else must have come with its name.
  wrong = wrong + math.max(0, lost - (all + 1 - summary.requests))
  io.write(string.format(
    'RESULT {"requests":%d,"sent":%d,"seconds":%.6f,"errors":%d,"p50":%.3f,"p99":%.3f}\n',
    summary.requests, all, summary.duration / 1e6, wrong,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
