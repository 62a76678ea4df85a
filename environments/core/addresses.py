"""Host names and IP addresses that lead to the machine that the product runs on."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")


def as_ip(text: str) -> IPv4Address | IPv6Address | None:
    """The address that is written there, if it is one."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def leads_to_this_machine(host: str) -> bool:
    """``localhost``, loopback, link-local, "this network" and the like, also when wrapped into
    IPv6. Of other names nothing is known here: they have to be resolved first."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    ip = as_ip(name)
    if isinstance(ip, IPv6Address):
        ip = _unwrapped(ip)
    if ip is None:
        return False
    this_network = isinstance(ip, IPv4Address) and ip.packed[0] == 0
    return this_network or any(
        (ip.is_loopback, ip.is_link_local, ip.is_unspecified, ip.is_multicast)
    )


def _unwrapped(ip: IPv6Address) -> IPv4Address | IPv6Address:
    if ip in _NAT64:
        return IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour or ip
