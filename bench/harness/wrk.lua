-- Sends the requests of a file round robin, and counts wrong answers.
-- REQUESTS_FILE: raw HTTP requests, separated by NUL.
-- EXPECTED_STATUS: status of a good answer; only a 200 has a body.
-- PLACEHOLDER: text that is replaced with a new alias of the same length in every request that has it.
-- TAG: first half of these aliases, unique to this run; the second half is a counter.

-- A string, or the parts before and after the placeholder.
local requests = {}
local turn = 0
local expected_status = tonumber(os.getenv("EXPECTED_STATUS")) or 200
local placeholder = os.getenv("PLACEHOLDER") or ""
local tag = os.getenv("TAG") or ""
local counter_format = "%0" .. #placeholder - #tag .. "d"
local threads = {}

for text in io.open(os.getenv("REQUESTS_FILE"), "rb"):read("*a"):gmatch("[^%z]+") do
  local first, last = text:find(placeholder, 1, true)
  if placeholder == "" or not first then
    requests[#requests + 1] = text
  else
    requests[#requests + 1] = { text:sub(1, first - 1), text:sub(last + 1) }
  end
end

-- Globals, because done() can read only those of a thread.
bad_answers = 0
first_bad_answer = ""
sent = 0
aliases_sent = 0
aliases_returned = 0

function setup(thread)
  threads[#threads + 1] = thread
end

function init()
  math.randomseed(os.time())
  -- Every run starts at another request, and so at another user.
  turn = math.random(#requests)
end

function request()
  turn = turn % #requests + 1
  sent = sent + 1
  local next_request = requests[turn]
  if type(next_request) == "string" then
    return next_request
  end
  aliases_sent = aliases_sent + 1
  return next_request[1] .. tag .. string.format(counter_format, aliases_sent) .. next_request[2]
end

function response(status, headers, body)
  if aliases_sent > 0 and body:find(tag, 1, true) then
    aliases_returned = aliases_returned + 1
  end
  local has_bad_body = expected_status == 200 and (#body == 0 or body:find('"errors"', 1, true))
  if status ~= expected_status or has_bad_body then
    bad_answers = bad_answers + 1
    if bad_answers == 1 then
      first_bad_answer = status .. " " .. body:sub(1, 2000)
    end
  end
end

function done(summary, latency)
  local errors = summary.errors
  local error_count = errors.connect + errors.read + errors.write + errors.timeout
  -- wrk calls request() once without sending the result, to inspect the script.
  local sent_total = -1
  local aliases_missing = 0
  for _, thread in ipairs(threads) do
    error_count = error_count + thread:get("bad_answers")
    sent_total = sent_total + thread:get("sent")
    aliases_missing = aliases_missing + thread:get("aliases_sent") - thread:get("aliases_returned")
    if thread:get("bad_answers") > 0 then
      io.write("BAD ", thread:get("first_bad_answer"), "\n")
    end
  end
  -- Requests in flight at the end have no answer; every other alias must have come back.
  error_count = error_count + math.max(0, aliases_missing - (sent_total + 1 - summary.requests))
  io.write(string.format(
    'RESULT {"requests":%d,"sent":%d,"seconds":%.6f,"errors":%d,"p50Ms":%.3f,"p90Ms":%.3f,"p99Ms":%.3f}\n',
    summary.requests, sent_total, summary.duration / 1e6, error_count,
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3
  ))
end
