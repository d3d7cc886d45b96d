"""A long way between two machines: a C program that holds back every frame between two TAP devices.

The kernel of a bench's machine may lack netem. Frames keep their order, as on a line; each way
takes half of the round trip, and up to a tenth of that more, which is drawn anew every 5 ms.
"""

import subprocess
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
enum { LARGEST = 1600, ROOM = 1 << 20, BURST = 256 };
struct frame { double due; int length; struct frame *next; uint8_t bytes[]; };
struct line { int from, to; double delay, jitter; unsigned seed; };
static double now(void) {
    struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9;
}
static int tap(const char *pid, const char *name) {
    char path[64];
    if (atoi(pid)) {
        snprintf(path, sizeof path, "/proc/%s/ns/net", pid);
        int space = open(path, O_RDONLY);
        if (space < 0 || setns(space, CLONE_NEWNET)) { perror(path); exit(1); }
    }
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    struct ifreq wanted = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    strncpy(wanted.ifr_name, name, IFNAMSIZ - 1);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &wanted)) { perror("tap"); exit(1); }
    return fd;
}
static void *carry(void *given) {
    struct line *way = given;
    struct frame *first = NULL, **end = &first;
    double last = 0, drawn = 0, extra = 0; long held = 0;
    uint8_t bytes[LARGEST];
    for (;;) {
        int moved = 0; double t = now();
        if (t - drawn > 0.005) { drawn = t; extra = way->jitter * rand_r(&way->seed) / RAND_MAX; }
        for (; moved < BURST; moved++) {
            int length = read(way->from, bytes, sizeof bytes);
            if (length < 0 && errno != EAGAIN && errno != EIO) return NULL;
            if (length <= 0) break;
            if (held >= ROOM) { fprintf(stderr, "no room\n"); continue; }
            struct frame *one = malloc(sizeof *one + length);
            memcpy(one->bytes, bytes, length); one->length = length; one->next = NULL;
            one->due = t + way->delay + extra; if (one->due < last) one->due = last;
            last = one->due; *end = one; end = &one->next; held++;
        }
        t = now();
        for (int out = 0; first && first->due <= t && out < BURST; out++) {
            struct frame *one = first;
            while (write(way->to, one->bytes, one->length) < 0 && errno == EAGAIN) sched_yield();
            first = one->next; if (!first) end = &first;
            free(one); held--; moved++;
        }
        if (moved) continue;
        double rest = first ? first->due - now() : 1;
        if (rest <= 0) continue;
        struct pollfd waited = {way->from, POLLIN, 0};
        struct timespec s = {(time_t)rest, (long)((rest - (time_t)rest) * 1e9)};
        ppoll(&waited, 1, &s, NULL);
    }
}
int main(int count, char **words) {  /* pid of an end (0: here), of the other, name, s, jitter */
    if (count < 6) return 2;
    double delay = atof(words[4]), jitter = atof(words[5]);
    int here = tap(words[1], words[3]), there = tap(words[2], words[3]);
    struct line ways[2] = {{here, there, delay, jitter, 1}, {there, here, delay, jitter, 2}};
    puts("ready"); fflush(stdout);
    pthread_t other; pthread_create(&other, NULL, carry, ways + 1);
    carry(ways);
    return 0;
}
"""


def build(folder: Path) -> Path:
    """Compile it."""
    source, program = folder / "delay.c", folder / "delay"
    source.write_text(SOURCE, encoding="ascii")
    subprocess.run(["gcc", "-O2", "-pthread", "-o", program, source], check=True)
    return program
