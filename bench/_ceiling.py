"""The ceiling: a C program that sends SYNs by sendmmsg and does nothing else but count answers."""

import subprocess
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
enum { BATCH = 1024, STRIDE = 64, LENGTH = 58 };
static double now(void) {
    struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9;
}
static uint16_t sum(const uint8_t *p, int n, uint32_t s) {
    for (int i = 0; i < n; i += 2) s += p[i] << 8 | p[i + 1];
    while (s >> 16) s = (s & 0xffff) + (s >> 16);
    return htons(~s);
}
int main(int count, char **words) {  /* interface, link address, source, target */
    if (count < 5) return 2;
    int index = if_nametoindex(words[1]), one = 1, tiny = 2048;
    int out = socket(AF_PACKET, SOCK_RAW, 0), in = socket(AF_PACKET, SOCK_RAW, htons(0x0800));
    struct ifreq request; strcpy(request.ifr_name, words[1]); ioctl(out, SIOCGIFHWADDR, &request);
    struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_ifindex = index};
    setsockopt(out, SOL_PACKET, PACKET_QDISC_BYPASS, &one, 4);
    bind(out, (void *)&link, sizeof link);
    link.sll_protocol = htons(0x0800);
    setsockopt(in, SOL_SOCKET, SO_RCVBUF, &tiny, 4);
    setsockopt(in, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, 4);
    bind(in, (void *)&link, sizeof link);
    static uint8_t packets[BATCH][STRIDE]; unsigned mac[6];
    static struct iovec vectors[BATCH]; static struct mmsghdr messages[BATCH];
    sscanf(words[2], "%x:%x:%x:%x:%x:%x", mac, mac+1, mac+2, mac+3, mac+4, mac+5);
    uint32_t from = inet_addr(words[3]), to = inet_addr(words[4]), pseudo = 6 + 24;
    for (int i = 0; i < BATCH; i++) {
        uint8_t *p = packets[i];
        for (int k = 0; k < 6; k++) p[k] = mac[k];
        memcpy(p + 6, request.ifr_hwaddr.sa_data, 6); p[12] = 8;
        p[14] = 0x45; p[17] = 44; p[22] = 64; p[23] = 6;
        memcpy(p + 26, &from, 4); memcpy(p + 30, &to, 4);
        uint16_t c = sum(p + 14, 20, 0); memcpy(p + 24, &c, 2);
        p[34] = 0xf0; p[46] = 0x60; p[47] = 2; p[48] = 4; p[54] = 2; p[55] = 4; p[56] = 5;
        vectors[i] = (struct iovec){p, LENGTH};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = vectors + i, .msg_iovlen = 1};
    }
    for (int i = 0; i < 8; i += 2) pseudo += packets[0][26 + i] << 8 | packets[0][27 + i];
    double began = now();
    for (int port = 1; port < 65536;) {
        int n = 65536 - port < BATCH ? 65536 - port : BATCH;
        for (int i = 0; i < n; i++, port++) {
            uint8_t *t = packets[i] + 34;
            t[2] = port >> 8; t[3] = port; t[16] = t[17] = 0;
            uint16_t c = sum(t, 24, pseudo); memcpy(t + 16, &c, 2);
        }
        for (int done = 0; done < n;) {
            int sent = sendmmsg(out, messages + done, n - done, 0);
            if (sent > 0) done += sent;
        }
    }
    unsigned heard = 0; double last = now();
    while (heard < 65535 && now() - last < 1) {
        struct tpacket_stats s; socklen_t size = sizeof s;
        getsockopt(in, SOL_PACKET, PACKET_STATISTICS, &s, &size);
        if (s.tp_packets) { heard += s.tp_packets; last = now(); }
    }
    printf("%.4f %u\n", last - began, heard);
    return 0;
}
"""


def build(folder: Path) -> Path:
    """Compile it; the program prints seconds and how many answers came."""
    source, program = folder / "ceiling.c", folder / "ceiling"
    source.write_text(SOURCE, encoding="ascii")
    subprocess.run(["gcc", "-O2", "-o", program, source], check=True)
    return program
