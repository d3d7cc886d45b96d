"""Houses behind firewalls as people run them: ufw, firewalld, and a container's published port."""

from tojimari.core.message import mark
from tojimari.lab.daemons import nginx, sshd
from tojimari.lab.fittings import VISITOR, unit
from tojimari.lab.scene import File, House, Scene

# What Docker writes for `docker run -p 8080:80` with its iptables backend, in Docker's own order;
# the container is a namespace behind docker0. (docs.docker.com: Packet filtering and firewalls.)
_PUBLISH = """#!/bin/sh -e
ip netns add shop
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip link add veth0 type veth peer name eth0 netns shop
ip link set veth0 master docker0 up
ip -n shop link set lo up
ip -n shop addr add 172.17.0.2/16 dev eth0
ip -n shop link set eth0 up
ip -n shop route add default via 172.17.0.1
# A container's manager keeps /proc/sys read-only; a proc of its own does the same for the house.
unshare --mount sh -ec "mount -t proc proc /mnt; echo 1 >/mnt/sys/net/ipv4/ip_forward"
iptables-restore --noflush <<END
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-I FORWARD -i docker0 -o docker0 -j ACCEPT
-I FORWARD -i docker0 ! -o docker0 -j ACCEPT
-I FORWARD -o docker0 -j DOCKER
-I FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-I FORWARD -j DOCKER-USER
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
END
exec ip netns exec shop python3 -m http.server --directory /var/www/html 80
"""
_PAGE = "<!doctype html>\n<title>The shop's page</title>\n<p>It came out of a container.\n"
_NGINX = (
    "server {\n    listen 80;\n    listen [::]:80;\n    listen 8000;\n    root /var/www/html;\n}\n"
)

SCENE = Scene(
    name="gates",
    summary=mark("Firewalls as people run them: ufw, firewalld, and what passes them."),
    houses=(
        House(
            name="office",
            purpose=mark("ufw lets in 22 and 80 and denies 8080, which a container publishes"),
            number=10,
            units=("ufw.service", "nginx.service", "ssh.service", "shop.service"),
            files=(
                File("/etc/nginx/sites-enabled/default", _NGINX),
                File("/var/www/html/index.html", _PAGE),
                File("/usr/local/sbin/publish", _PUBLISH, mode=0o755),
                unit("shop", "/usr/local/sbin/publish", settings=("After=ufw.service",)),
            ),
            commands=(
                "mount -t proc proc /proc",  # where ufw looks for IPv6
                "ufw allow 22/tcp >/dev/null",
                "ufw allow 80/tcp >/dev/null",
                "ufw deny 8080 >/dev/null",
                "sed -i s/^ENABLED=no/ENABLED=yes/ /etc/ufw/ufw.conf",
                "umount /proc",
            ),
            services=(sshd(), nginx(80)),
        ),
        House(
            name="bank",
            purpose=mark("firewalld as installed, and HTTP let in"),
            number=11,
            units=("firewalld.service", "nginx.service", "ssh.service"),
            files=(File("/etc/nginx/sites-enabled/default", _NGINX),),
            commands=("firewall-offline-cmd -q --zone=public --add-service=http",),
            services=(sshd(), nginx(80)),
        ),
        VISITOR,
    ),
    packages=("ufw", "firewalld", "iptables", "nginx", "openssh-server"),
    tries=(
        (
            "sudo tojimari lab run office tojimari reach 8080",
            mark("denied by ufw, and open all the same: Docker's rule comes first"),
        ),
        (
            "sudo tojimari lab run visitor curl -s http://192.0.2.10:8080/",
            mark("the packets agree"),
        ),
        (
            "sudo tojimari lab run bank tojimari reach 22 80 8000",
            mark("firewalld lets in what its zone names"),
        ),
    ),
)
