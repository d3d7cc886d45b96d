"""How much is said, heard and waited for. Every cap of the conversations stands here.

A peer may be slow, broken or hostile. Each number below bounds what one door can cost: time,
memory, and the connections that the other end has to bear.
"""

# Time, in seconds.

BANNER = 0.35
"""How long a server may take to speak first before it is taken for one that waits.

Greeting daemons that fork and execute for each connection (sshd, inetd) answer within 10 to 60 ms
on one machine; a network adds its round trip. Shorter loses them, longer is paid by every web
server on an unusual number.
"""

GREETING = 1.5
"""The same where the number says that the server speaks first: some look us up in DNS before."""

CONNECT = 3.0
"""To be let in; TCP sends its second SYN after one second, its third after three (RFC 6298)."""

ANSWER = 1.0
"""For the answer to a guess."""

ANSWER_EXPECTED = 3.0
"""For the answer where the number or the program says what speaks: it is worth the wait."""

PIECE = 0.03
"""To see whether a peer hangs up at a piece of a greeting, or four times the way there and back.

Whoever does has been waiting for our first bytes for a while, and answers within a millisecond or
two; noticing it late only makes the guess at what it speaks a worse one.
"""

DATAGRAM = 0.8
"""For the answer to one datagram."""

PORT = 4.6
"""For one door, everything together: one silent port is done within five seconds."""

# Connections.

CONNECTIONS = 4
"""To one door, in one identification, one after the other."""

AT_ONCE = 2048
"""Doors at the same time; fewer where the system allows fewer open files."""

# Bytes.

HEARD = 1 << 16
"""Kept of one connection. What comes after that is neither kept nor read."""

LINE = 4096
"""One line. SMTP allows 512 (RFC 5321, section 4.5.3.1), HTTP servers some 8,000; banners less."""

LINES = 64
"""In one answer of many lines (FTP's FEAT, SMTP's EHLO)."""

BODY = 1 << 15
"""Of a web page: the title stands at its beginning."""

SNIPPET = 120
"""Characters of evidence."""

NAME = 200
"""Characters of a product's name, a version, a maker. The longest in the table of names has 47."""

DETAIL = 4096
"""Characters of one detail: the lists of algorithms of an SSH server have some 1,500."""

DETAILS = 64
"""Details of one service; the most talkative web servers inside TLS have some 30."""

KEPT = 512
"""Bytes kept of what nobody understood."""
