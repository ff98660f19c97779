"""The published Python SDK against the stand-in API: arguments are endpoint, token, public key."""

import json, os, sys, urllib.request
from hcloud import Client, APIException
from hcloud.images import Image
from hcloud.locations import Location
from hcloud.load_balancers import LoadBalancerService, LoadBalancerTarget, LoadBalancerHealthCheck
from hcloud.networks import NetworkSubnet
from hcloud.firewalls import FirewallRule
from hcloud.server_types import ServerType
from hcloud.load_balancer_types import LoadBalancerType

endpoint, token, key = sys.argv[1:]
client = Client(token, api_endpoint=endpoint, poll_interval=0.02)

def rig(method, path, body):
    request = urllib.request.Request(endpoint.replace("/v1", "/_rig/" + path), method=method,
        data=json.dumps(body).encode(), headers={"content-type": "application/json"})
    urllib.request.urlopen(request).read()

def refused(code, what, *arguments, **named):
    try:
        what(*arguments, **named)
    except APIException as error:
        assert error.code == code, (error.code, code)
        return error
    raise AssertionError(f"not refused with {code}")

refused("unauthorized", Client("another", api_endpoint=endpoint).servers.get_all)
net = client.networks.create(name="net", ip_range="10.0.0.0/16",
    subnets=[NetworkSubnet(type="cloud", network_zone="eu-central", ip_range="10.0.1.0/24")])
ssh = client.ssh_keys.create(name="key", public_key=key, labels={"a": "b"})
wall = client.firewalls.create(name="wall", rules=[FirewallRule(direction="in", protocol="tcp",
    port="443", source_ips=["0.0.0.0/0", "::/0"], destination_ips=[])]).firewall
create = lambda **more: client.servers.create(**{**dict(name="one", server_type=ServerType("cx23"),
    image=Image(name="ubuntu-24.04"), location=Location("fsn1"), ssh_keys=[ssh], networks=[net],
    firewalls=[wall], labels={"role": "worker"}, user_data="#cloud-config"), **more})
made = create()
made.action.wait_until_finished()
for action in made.next_actions:
    action.wait_until_finished()
server = client.servers.get_by_name("one")
assert server.status == "running" and server.private_net[0].ip == "10.0.1.1", server.data_model
assert server.public_net.ipv4.ip and server.public_net.firewalls[0].firewall.id == wall.id
assert [s.name for s in client.servers.get_all(label_selector="role in (worker)")] == ["one"]
assert client.servers.get_all(label_selector="role!=worker") == []

error = refused("uniqueness_error", create)
assert error.details["fields"][0]["name"] == "name", error.details
refused("invalid_input", create, name="two", user_data="x" * (32 * 1024 + 1))
create(name="full", user_data="x" * (32 * 1024))
refused("invalid_input", create, name="not_a_hostname")
refused("invalid_input", create, name="two", server_type=ServerType("cax11"), location=Location("ash"))
refused("invalid_input", create, name="two", labels={"a b": "c"})
refused("not_found", client.servers.get_by_id, 1)
refused("resource_in_use", wall.delete)
rig("PUT", "settings", {"action_ms": 20, "limits": {"servers": 2}})
refused("resource_limit_exceeded", create, name="three")

lb = client.load_balancers.create(name="lb", load_balancer_type=LoadBalancerType(name="lb11"), location=Location("fsn1"))
lb.action.wait_until_finished()
lb = lb.load_balancer
target = LoadBalancerTarget(type="server", server=server, use_private_ip=True)
refused("load_balancer_not_attached_to_network", lb.add_target, target)
refused("ip_not_available", lb.attach_to_network, net, ip="10.0.1.1")
lb.attach_to_network(net, ip="10.0.1.5").wait_until_finished()
lb.add_service(LoadBalancerService(protocol="tcp", listen_port=443, destination_port=31443, proxyprotocol=False,
    health_check=LoadBalancerHealthCheck(protocol="tcp", port=31443, interval=10, timeout=5, retries=3))).wait_until_finished()
lb.add_target(target).wait_until_finished()
refused("target_already_defined", lb.add_target, target)
lb.reload()
assert (lb.services[0].listen_port, lb.targets[0].server.id) == (443, server.id)
assert lb.private_net[0].ip == "10.0.1.5"

groups = [client.placement_groups.create(name=f"group-{i}", type="spread") for i in range(60)]
assert len(client.placement_groups.get_all()) == 60
page = client.placement_groups.get_list(page=3, per_page=25)
assert (len(page.placement_groups), page.meta.pagination.total_entries, page.meta.pagination.last_page,
        page.meta.pagination.next_page) == (10, 60, 3, None)

# Slow actions report progress; on a busy object another one is refused until they are over.
rig("PUT", "settings", {"action_ms": 400})
action = server.power_off()
assert action.status == "running", action.status
refused("locked", server.power_on)
action.wait_until_finished()
assert action.progress == 100 and client.servers.get_by_id(server.id).status == "off"

# The SDK waits and tries again when the budget is spent.
rig("PUT", "settings", {"rate_limit": 1, "rate_refill_per_second": 4.0})
assert len(client.servers.get_all()) == 2 and len(client.servers.get_all()) == 2
print("ok")
