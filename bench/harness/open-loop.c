/*
 * Sends HTTP/1.1 requests at a fixed mean rate, whatever the server does (an open loop), and
 * measures each latency from the time at which the request was scheduled:
 *
 *     open-loop <port> <requests file> <rate per second> <lead-in seconds> <seconds> <connections>
 *
 * The times follow a Poisson process with exactly rate * seconds requests, the same in every run.
 * A request without a free connection waits for one, and its latency includes the wait.
 *
 * The file has one record per request, sent round robin: a line with the length of the request and
 * that of a marker, both in bytes, and then the two. A good answer has status 200, a
 * Content-Length, the marker and no "errors" in its body.
 *
 * After a lead-in that does not count, it prints "ready", waits for a line on
 * standard input, measures, and prints one line of JSON. The first bad answer goes to standard
 * error.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* Time between the start of a run and its first request. */
#define START_DELAY_NS 5000000
/* A send is late if it happens this much after its time. */
#define LATE_NS 1000000
/* After the last send, answers have this long to arrive. */
#define DRAIN_NS 1000000000
#define MAX_ANSWER_BYTES 65536
#define MAX_EVENTS 64
#define ERRORS_KEY "\"errors\""
#define HEAD_END "\r\n\r\n"

struct request {
  const char *bytes;
  size_t length;
  const char *marker;
  size_t marker_length;
};

struct connection {
  int fd;
  /* Index into the schedule of the request in flight, or -1. */
  long scheduled;
  const struct request *request;
  size_t received;
  /* One more than the answer, for a NUL. */
  char answer[MAX_ANSWER_BYTES + 1];
};

struct counts {
  size_t answered, failed, late, waited;
};

static struct sockaddr_in address = {.sin_family = AF_INET};
static int epoll_fd;

static struct request *requests;
static size_t request_count;
static size_t turn;

static struct connection *connections;
static size_t connection_count;
/* A ring of the connections without a request; the one that has been idle longest is used first. */
static struct connection **idle;
static size_t idle_head, idle_count;

/* When each request of the current run is due, and its latency; in nanoseconds. */
static int64_t *due;
static int64_t *latency;
static struct counts counts;

static void fail(const char *what) {
  fprintf(stderr, "open-loop: %s: %s\n", what, errno ? strerror(errno) : "invalid");
  exit(1);
}

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count ? count : 1, size);
  if (!memory) fail("memory");
  return memory;
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void read_requests(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail(path);
  fseek(file, 0, SEEK_END);
  size_t size = ftell(file);
  rewind(file);
  char *text = allocate(size + 1, 1);
  if (fread(text, 1, size, file) != size) fail(path);
  fclose(file);

  size_t capacity = 0;
  for (char *next = text; next < text + size;) {
    if (request_count == capacity) {
      capacity = capacity ? capacity * 2 : 1024;
      requests = realloc(requests, capacity * sizeof *requests);
      if (!requests) fail("memory");
    }
    struct request *request = &requests[request_count++];
    request->length = strtoul(next, &next, 10);
    request->marker_length = strtoul(next, &next, 10);
    if (*next++ != '\n' || request->length == 0) fail(path);
    request->bytes = next;
    request->marker = next + request->length;
    next += request->length + request->marker_length;
  }
  if (request_count == 0) fail(path);
}

static void push_idle(struct connection *connection) {
  connection->scheduled = -1;
  connection->received = 0;
  idle[(idle_head + idle_count++) % connection_count] = connection;
}

static struct connection *pop_idle(void) {
  struct connection *connection = idle[idle_head];
  idle_head = (idle_head + 1) % connection_count;
  idle_count--;
  return connection;
}

/* On the loopback interface, connecting is fast enough to wait for it. */
static void open_connection(struct connection *connection) {
  int yes = 1;
  connection->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connection->fd < 0) fail("socket");
  if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) < 0) fail("epoll");
}

static void reopen(struct connection *connection) {
  close(connection->fd);
  open_connection(connection);
}

static void report_bad_answer(const struct connection *connection) {
  if (counts.failed++ > 0) return;
  int length = connection->received < 2000 ? (int)connection->received : 2000;
  const char *answer = connection->answer;
  fprintf(stderr, "BAD answer of %zu bytes: %.*s\n", connection->received, length, answer);
}

/* Ends the request of a connection, with a complete answer or without. */
static void finish(struct connection *connection, int is_good) {
  latency[connection->scheduled] = now() - due[connection->scheduled];
  if (is_good) counts.answered++;
  else report_bad_answer(connection);
}

/* The value of Content-Length in a head that ends with a NUL, or -1. */
static long content_length(const char *head) {
  for (const char *line = strchr(head, '\n'); line; line = strchr(line + 1, '\n')) {
    if (strncasecmp(line + 1, "content-length:", 15) == 0) return strtol(line + 16, NULL, 10);
  }
  return -1;
}

static int is_good_body(const struct request *request, const char *body, size_t length) {
  return length > 0 && memmem(body, length, request->marker, request->marker_length) != NULL &&
         memmem(body, length, ERRORS_KEY, strlen(ERRORS_KEY)) == NULL;
}

/* Reads what has arrived. A connection that is closed or out of step is replaced. */
static void receive(struct connection *connection) {
  char *answer = connection->answer;
  size_t space = MAX_ANSWER_BYTES - connection->received;
  ssize_t count = recv(connection->fd, answer + connection->received, space, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (connection->scheduled < 0) { /* The server closes an idle connection. */
    reopen(connection);
    return;
  }
  if (count > 0) connection->received += count;
  answer[connection->received] = '\0';
  char *head_end = memmem(answer, connection->received, HEAD_END, strlen(HEAD_END));
  if (count > 0 && !head_end && connection->received < MAX_ANSWER_BYTES) return;

  long length = -1;
  if (head_end) {
    *head_end = '\0';
    length = content_length(answer);
    *head_end = HEAD_END[0];
  }
  size_t total = length < 0 ? 0 : (head_end - answer) + strlen(HEAD_END) + length;
  if (count > 0 && connection->received < total && total <= MAX_ANSWER_BYTES) return;

  if (total == 0 || connection->received != total) {
    finish(connection, 0);
    reopen(connection);
  } else {
    int is_ok = strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
    const char *body = answer + total - length;
    finish(connection, is_ok && is_good_body(connection->request, body, length));
  }
  push_idle(connection);
}

static void send_request(size_t scheduled) {
  struct connection *connection = pop_idle();
  const struct request *request = &requests[turn++ % request_count];
  connection->request = request;
  connection->scheduled = scheduled;
  /* The buffer of an idle connection is empty, so it takes a whole request. */
  ssize_t sent = send(connection->fd, request->bytes, request->length, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent == (ssize_t)request->length) return;
  finish(connection, 0);
  reopen(connection);
  push_idle(connection);
}

/* Sets the times of a run: a Poisson process, scaled so that it has exactly this many requests. */
static void make_schedule(size_t count, double rate) {
  static uint64_t state = 0x9E3779B97F4A7C15;
  double *times = allocate(count + 1, sizeof *times);
  double time = 0;
  for (size_t i = 0; i <= count; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    time -= log(((state >> 11) + 1) / 9007199254740993.0);
    times[i] = time;
  }
  int64_t start = now() + START_DELAY_NS;
  for (size_t i = 0; i < count; i++) due[i] = start + times[i] / time * count / rate * 1e9;
  free(times);
}

static void wait_for_events(int64_t until) {
  struct epoll_event events[MAX_EVENTS];
  int64_t wait = until - now();
  if (wait < 0) wait = 0;
  struct timespec timeout = {wait / 1000000000, wait % 1000000000};
  int count = epoll_pwait2(epoll_fd, events, MAX_EVENTS, &timeout, NULL);
  if (count < 0 && errno != EINTR) fail("epoll");
  for (int i = 0; i < count; i++) receive(events[i].data.ptr);
}

/* Sends requests at a rate and waits for their answers. Returns the time of the last send. */
static int64_t run(size_t count, double rate) {
  counts = (struct counts){0};
  make_schedule(count, rate);
  int64_t end = due[count - 1] + DRAIN_NS;
  int64_t last_starved = 0, last_send = 0;
  size_t next = 0;
  for (;;) {
    int64_t time = now();
    while (next < count && due[next] <= time && idle_count > 0) {
      if (time - due[next] > LATE_NS) {
        if (last_starved >= due[next]) counts.waited++;
        else counts.late++;
      }
      send_request(next++);
      time = last_send = now();
    }
    int is_starved = next < count && due[next] <= time;
    if (is_starved) last_starved = time;
    if ((next == count && idle_count == connection_count) || time > end) break;
    wait_for_events(next < count && !is_starved ? due[next] : end);
  }
  for (size_t i = 0; i < connection_count; i++) { /* Without an answer. */
    if (connections[i].scheduled < 0) continue;
    finish(&connections[i], 0);
    reopen(&connections[i]);
    push_idle(&connections[i]);
  }
  for (; next < count; next++, counts.failed++) latency[next] = now() - due[next]; /* Not sent. */
  return last_send;
}

static int compare(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static double percentile_ms(size_t count, double share) {
  size_t rank = ceil(count * share);
  return latency[rank > 0 ? rank - 1 : 0] / 1e6;
}

int main(int argc, char **argv) {
  if (argc != 7) fail("arguments");
  double rate = atof(argv[3]), seconds = atof(argv[5]);
  size_t lead_in = llround(rate * atof(argv[4])), count = llround(rate * seconds);
  connection_count = atol(argv[6]);
  if (lead_in == 0 || count == 0 || connection_count == 0) fail("arguments");
  address.sin_port = htons(atoi(argv[1]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  read_requests(argv[2]);
  due = allocate(count + lead_in, sizeof *due);
  latency = allocate(count + lead_in, sizeof *latency);
  connections = allocate(connection_count, sizeof *connections);
  idle = allocate(connection_count, sizeof *idle);
  epoll_fd = epoll_create1(0);
  if (epoll_fd < 0) fail("epoll");
  for (size_t i = 0; i < connection_count; i++) {
    open_connection(&connections[i]);
    push_idle(&connections[i]);
  }

  /* To wake up in time although the upstream uses the same core. Fails without the right to. */
  struct sched_param priority = {.sched_priority = 1};
  sched_setscheduler(0, SCHED_FIFO, &priority);
  prctl(PR_SET_TIMERSLACK, 1);

  run(lead_in, rate);
  puts("ready");
  fflush(stdout);
  if (getchar() == EOF) return 1;

  int64_t start = now() + START_DELAY_NS;
  int64_t last_send = run(count, rate);
  double elapsed = fmax(seconds, (last_send - start) / 1e9);
  qsort(latency, count, sizeof *latency, compare);
  printf("{\"requests\":%zu,\"sent\":%zu,\"seconds\":%.6f,\"errors\":%zu,", counts.answered, count,
         elapsed, counts.failed);
  printf("\"p50Ms\":%.3f,\"p90Ms\":%.3f,\"p99Ms\":%.3f,", percentile_ms(count, 0.5),
         percentile_ms(count, 0.9), percentile_ms(count, 0.99));
  printf("\"maxMs\":%.3f,\"lateSends\":%zu,\"waitingSends\":%zu}\n", percentile_ms(count, 1),
         counts.late, counts.waited);
  return 0;
}
