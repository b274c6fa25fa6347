-- For wrk: posts the quote that QUOTE holds, and prints one JSON line at the end. Without a function `request` wrk makes the
-- request once, and its own work stays out of the figures as far as can be.
wrk.method = "POST"
wrk.body = os.getenv("QUOTE")
wrk.headers["Content-Type"] = "application/json"

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"us":%d,"p50us":%d,"p99us":%d,"p999us":%d,"maxUs":%d,"refused":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    latency.max, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
