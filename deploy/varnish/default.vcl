# A shared cache in front of the web BFF, for the public responses of GET requests (persisted operations).
#
# A request with credentials is never answered from the cache, and its response is never stored. The
# BFF decides everything else: Cache-Control says whether and how long a response is stored, Vary for whom,
# and CDN-Cache-Control (RFC 9213) how long it may be served after it has expired.
#
# The BFF purges it by surrogate keys (EDGE_PURGE_URL=http://varnish/purge), with the token that is in
# EDGE_PURGE_TOKEN in the environment of both. Without a token, nobody can purge. It needs the xkey module
# (Debian: varnish-modules; the official image has it).
vcl 4.1;

import std;
import xkey;

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
    if (req.url == "/purge") {
        if (std.getenv("EDGE_PURGE_TOKEN") == "" ||
            req.http.Authorization != "Bearer " + std.getenv("EDGE_PURGE_TOKEN")) {
            return (synth(403));
        }
        # Removes the responses: a purged one is never served, not even while the BFF is down.
        return (synth(200, "Purged " + xkey.purge(req.http.Surrogate-Key)));
    }
    # Health checks are about the process that they reach.
    if (req.url ~ "^/(healthz|readyz)(\?|$)") {
        return (pass);
    }
    # Subscriptions over WebSocket.
    if (req.method == "GET" && req.url ~ "^/graphql(\?|$)" && req.http.Upgrade ~ "(?i)^websocket$") {
        return (pipe);
    }
    # Subscriptions over server-sent events.
    if (req.url ~ "^/graphql/stream(\?|$)") {
        return (pass);
    }
    if (req.http.Authorization || req.http.Cookie || req.http.X-API-Key) {
        return (pass);
    }
    # A client that wants no stored response. (Built in: only GET and HEAD are looked up.)
    if (req.http.Cache-Control ~ "(?i)no-cache|no-store|max-age=0") {
        return (pass);
    }
    # An expired response is served only if a new one can't be had (stale-if-error): the BFF has failed, and
    # this is the second time that the request is here. Otherwise the BFF is asked, which has its own
    # stale-while-revalidate.
    if (req.restarts == 0) {
        set req.grace = 0s;
        unset req.http.X-Stale-If-Error;
    } else {
        set req.grace = 1d;
        set req.http.X-Stale-If-Error = "true";
    }
}

# Varnish reads nothing more of a connection that it pipes. `close` makes the BFF end one that does not become a
# WebSocket; by it, a client could otherwise send requests that say nothing of its address.
sub vcl_pipe {
    set bereq.http.Upgrade = "websocket";
    set bereq.http.Connection = "upgrade, close";
}

# The first failure of a fetch is given up, so that an expired response can take its place; the second one
# is sent to the client.
sub abandon_failure {
    if (!bereq.uncacheable && (bereq.is_bgfetch || !bereq.http.X-Stale-If-Error)) {
        return (abandon);
    }
}

sub vcl_backend_error {
    call abandon_failure;
}

sub vcl_synth {
    if (resp.status == 503 && req.restarts == 0 && (req.method == "GET" || req.method == "HEAD")) {
        return (restart);
    }
}

sub vcl_backend_response {
    if (beresp.status >= 500) {
        call abandon_failure;
    }
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
    # The name that the module reads.
    set beresp.http.xkey = beresp.http.Surrogate-Key;
}

sub vcl_deliver {
    # For caches only.
    unset resp.http.xkey;
    unset resp.http.Surrogate-Key;
    unset resp.http.Cache-Tag;
    # Says where the response comes from, beside the BFF's own Cache-Status (RFC 9211).
    if (obj.hits > 0) {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish; hit";
    } else {
        set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish; fwd=miss";
    }
}
