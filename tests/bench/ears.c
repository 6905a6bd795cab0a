/* Stamps, on the audio clock, each moment at which a JACK port stops being silent: test equipment, see ears.py.

   usage: ears PORT THRESHOLD SILENCE_MS     then one line each, until stdin is closed:
   on NS   the first sample above THRESHOLD after at least SILENCE_MS below it, in ns of CLOCK_MONOTONIC_RAW
   xruns N whenever there was one more

   A sample's time is the moment at which its period had been computed, plus its place in it, so the card's own delay is
   not in it. JACK's own estimate of that moment (jack_get_cycle_times) is smoothed: for seconds after a late period it
   was seen to be up to 12 ms early, before the cause of what is heard. The few functions that are used are declared here as jack/jack.h has them (JACK API, unchanged since 2011), so that only the
   library is needed that jackd itself brings. */
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef struct _jack_client jack_client_t;
typedef struct _jack_port jack_port_t;
typedef uint32_t frames_t;
jack_client_t *jack_client_open(const char *, int, int *, ...);
jack_port_t *jack_port_register(jack_client_t *, const char *, const char *, unsigned long, unsigned long);
void *jack_port_get_buffer(jack_port_t *, frames_t);
const char *jack_port_name(const jack_port_t *);
int jack_set_process_callback(jack_client_t *, int (*)(frames_t, void *), void *);
int jack_set_xrun_callback(jack_client_t *, int (*)(void *), void *);
frames_t jack_get_sample_rate(jack_client_t *);
int jack_activate(jack_client_t *);
int jack_connect(jack_client_t *, const char *, const char *);
int jack_client_close(jack_client_t *);

enum { KEPT = 4096 }; /* more than come between two looks */
static jack_client_t *client;
static jack_port_t *port;
static float threshold;
static frames_t quiet, silence, rate_hz;
static uint64_t heard_ns[KEPT];
static volatile uint32_t heard, xruns;

static int listen(frames_t count, void *none) {
    const float *in = jack_port_get_buffer(port, count);
    struct timespec now;
    (void)none;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    for (frames_t i = 0; i < count; i++) {
        if (fabsf(in[i]) <= threshold) {
            quiet++;
            continue;
        }
        if (quiet >= silence) {
            heard_ns[heard % KEPT] = now.tv_sec * 1000000000ull + now.tv_nsec + i * 1000000000ull / rate_hz;
            __sync_fetch_and_add(&heard, 1);
        }
        quiet = 0;
    }
    return 0;
}

static int late(void *none) {
    (void)none;
    xruns++;
    return 0;
}

int main(int words, char **word) {
    uint32_t told = 0, told_xruns = 0;
    struct pollfd input = {0, POLLIN, 0};
    if (words != 4 || !(client = jack_client_open("ears", 1 /* JackNoStartServer */, NULL))) return 1;
    threshold = atof(word[2]);
    rate_hz = jack_get_sample_rate(client);
    silence = rate_hz / 1000 * atoi(word[3]);
    port = jack_port_register(client, "in", "32 bit float mono audio", 1 /* JackPortIsInput */, 0);
    jack_set_process_callback(client, listen, NULL);
    jack_set_xrun_callback(client, late, NULL);
    if (!port || jack_activate(client) || jack_connect(client, word[1], jack_port_name(port))) return 1;
    puts("listening");
    for (;;) {
        for (; told != heard; told++) printf("on %llu\n", (unsigned long long)heard_ns[told % KEPT]);
        if (told_xruns != xruns) printf("xruns %u\n", told_xruns = xruns);
        fflush(stdout);
        if (poll(&input, 1, 5) > 0) break; /* the other end has gone */
    }
    jack_client_close(client);
    return 0;
}
