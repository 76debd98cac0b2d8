# A shared cache in front of the web BFF, for the public responses of GET requests (persisted operations).
#
# A request with credentials is never answered from the cache, and its response is never stored. The
# BFF decides everything else: Cache-Control says whether and how long a response is stored, Vary for whom,
# and CDN-Cache-Control (RFC 9213) how long it may be served after it has expired.
vcl 4.1;

import std;

backend web {
    .host = "web";
    .port = "4000";
    .connect_timeout = 1s;
    # Longer than the time limit of a request (REQUEST_DEADLINE_MS).
    .first_byte_timeout = 10s;
    .between_bytes_timeout = 10s;
    .probe = {
        .url = "/readyz";
        .interval = 1s;
        .timeout = 1s;
        .window = 3;
        .threshold = 2;
        .initial = 2;
    }
}

sub vcl_recv {
    # Health checks are about the process that they reach.
    if (req.url ~ "^/(healthz|readyz)(\?|$)") {
        return (pass);
    }
    if (req.http.Authorization || req.http.Cookie || req.http.X-API-Key) {
        return (pass);
    }
    # A client that wants no stored response. (Built in: only GET and HEAD are looked up.)
    if (req.http.Cache-Control ~ "(?i)no-cache|no-store|max-age=0") {
        return (pass);
    }
    # While the BFF is healthy, expired responses are served for as long as stale-while-revalidate says,
    # which Varnish takes as 30 seconds at most; otherwise for stale-if-error.
    if (std.healthy(req.backend_hint)) {
        set req.grace = 30s;
    }
}

sub vcl_backend_response {
    # A response that sets a cookie, or to a request with credentials, is of one client.
    if (beresp.http.Set-Cookie || bereq.http.Authorization || bereq.http.Cookie || bereq.http.X-API-Key) {
        set beresp.uncacheable = true;
        set beresp.ttl = 0s;
        set beresp.grace = 0s;
        return (deliver);
    }
    # Only what the BFF calls public: errors and everything without a lifetime are not stored, either.
    if (beresp.status != 200 || beresp.http.Cache-Control !~ "(?i)\bpublic\b") {
        set beresp.uncacheable = true;
        set beresp.ttl = 120s;
        set beresp.grace = 0s;
        return (deliver);
    }
    if (beresp.http.CDN-Cache-Control ~ "max-age=\d+") {
        set beresp.ttl = std.duration(regsub(beresp.http.CDN-Cache-Control, "^.*max-age=(\d+).*$", "\1s"), 0s)
            - std.duration(beresp.http.Age + "s", 0s);
    }
    set beresp.grace = 0s;
    if (beresp.http.CDN-Cache-Control ~ "stale-if-error=\d+") {
        set beresp.grace =
            std.duration(regsub(beresp.http.CDN-Cache-Control, "^.*stale-if-error=(\d+).*$", "\1s"), 0s);
    }
    set beresp.keep = 0s;
}

sub vcl_deliver {
    # Says where the response comes from, beside the BFF's own Cache-Status (RFC 9211).
    if (obj.hits > 0) {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish; hit";
    } else {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish; fwd=miss";
    }
}
