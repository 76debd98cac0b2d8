-- Sends the requests of a file in turn, and counts answers that tell of errors.
-- REQUESTS: raw HTTP requests, separated by NUL. THINK_MS: mean pause of a connection, 0 for none.
-- STATUS: of good answers; only a 200 has a body.

local raw = {}
local turn = 0
local think = tonumber(os.getenv("THINK_MS")) or 0
local expected = tonumber(os.getenv("STATUS")) or 200
local threads = {}

for request in io.open(os.getenv("REQUESTS"), "rb"):read("*a"):gmatch("[^%z]+") do
  raw[#raw + 1] = request
end

bad = 0
sample = ""
sent = 0

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
  return raw[turn]
end

-- Pauses of random length, so that connections don't march in step: nearly a Poisson stream.
if think > 0 then
  function delay()
    return -think * math.log(1 - math.random())
  end
end

function response(status, headers, body)
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
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("bad")
    all = all + thread:get("sent")
    if thread:get("bad") > 0 then
      io.write("BAD ", thread:get("sample"), "\n")
    end
  end
  io.write(string.format(
    'RESULT {"requests":%d,"sent":%d,"seconds":%.6f,"errors":%d,"p50":%.3f,"p99":%.3f}\n',
    summary.requests, all, summary.duration / 1e6, wrong,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
