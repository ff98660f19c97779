//! What can be ordered: locations, server types, load balancer types, images.
//!
//! Imitated: names, sizes, architectures and where a type is offered, as published. Prices are all
//! zero. Types that ended are not here: the API does not know them any more.

use serde_json::{Value, json};

const EU: &[&str] = &["fsn1", "nbg1", "hel1"];
const OVERSEAS: &[&str] = &["ash", "hil", "sin"];
const EVERYWHERE: &[&str] = &["fsn1", "nbg1", "hel1", "ash", "hil", "sin"];

struct Place(u64, &'static str, &'static str, &'static str, &'static str);

const PLACES: &[Place] = &[
    Place(1, "fsn1", "DE", "Falkenstein", "eu-central"),
    Place(2, "nbg1", "DE", "Nuremberg", "eu-central"),
    Place(3, "hel1", "FI", "Helsinki", "eu-central"),
    Place(4, "ash", "US", "Ashburn, VA", "us-east"),
    Place(5, "hil", "US", "Hillsboro, OR", "us-west"),
    Place(6, "sin", "SG", "Singapore", "ap-southeast"),
];

impl Place {
    fn location(&self) -> Value {
        json!({"id": self.0, "name": self.1, "description": format!("{} ({})", self.3, self.1),
               "country": self.2, "city": self.3, "latitude": 0.0, "longitude": 0.0,
               "network_zone": self.4})
    }
}

pub fn locations() -> Vec<Value> {
    PLACES.iter().map(Place::location).collect()
}

pub fn zones() -> impl Iterator<Item = &'static str> {
    PLACES.iter().map(|place| place.4)
}

/// The place of a location, or the first one of a network zone.
pub fn location(name: Option<&str>, zone: Option<&str>) -> Option<Value> {
    PLACES
        .iter()
        .find(|place| name.map_or(zone == Some(place.4), |name| place.1 == name))
        .map(Place::location)
}

pub fn offered(kind: &Value, location: &str) -> bool {
    kind["prices"].as_array().is_some_and(|prices| prices.iter().any(|price| price["location"] == location))
}

fn prices(places: &[&str]) -> Value {
    let zero = json!({"net": "0", "gross": "0"});
    places
        .iter()
        .map(|place| {
            json!({"location": place, "price_hourly": zero, "price_monthly": zero,
                   "included_traffic": 0, "price_per_tb_traffic": zero})
        })
        .collect()
}

/// Id, name, cores, memory, disk, where.
type ServerType = (u64, &'static str, u64, u64, u64, &'static [&'static str]);

pub fn server_types() -> Vec<Value> {
    // The ids of cpx12 to cpx62 are made up.
    let types: &[ServerType] = &[
        (22, "cpx11", 2, 2, 40, OVERSEAS),
        (23, "cpx21", 3, 4, 80, OVERSEAS),
        (24, "cpx31", 4, 8, 160, OVERSEAS),
        (25, "cpx41", 8, 16, 240, OVERSEAS),
        (26, "cpx51", 16, 32, 360, OVERSEAS),
        (45, "cax11", 2, 4, 40, EU),
        (93, "cax21", 4, 8, 80, EU),
        (94, "cax31", 8, 16, 160, EU),
        (95, "cax41", 16, 32, 320, EU),
        (96, "ccx13", 2, 8, 80, EVERYWHERE),
        (97, "ccx23", 4, 16, 160, EVERYWHERE),
        (98, "ccx33", 8, 32, 240, EVERYWHERE),
        (99, "ccx43", 16, 64, 360, EVERYWHERE),
        (100, "ccx53", 32, 128, 600, EVERYWHERE),
        (101, "ccx63", 48, 192, 960, EVERYWHERE),
        (114, "cx23", 2, 4, 40, EU),
        (115, "cx33", 4, 8, 80, EU),
        (116, "cx43", 8, 16, 160, EU),
        (117, "cx53", 16, 32, 320, EU),
        (901, "cpx12", 1, 2, 40, EU),
        (902, "cpx22", 2, 4, 80, EU),
        (903, "cpx32", 4, 8, 160, EU),
        (904, "cpx42", 8, 16, 320, EU),
        (905, "cpx52", 12, 24, 480, EU),
        (906, "cpx62", 16, 32, 640, EU),
    ];
    types
        .iter()
        .map(|(id, name, cores, memory, disk, places)| {
            json!({
                "id": id, "name": name, "description": name.to_uppercase(), "cores": cores,
                "memory": memory, "disk": disk, "storage_type": "local",
                "cpu_type": if name.starts_with("ccx") { "dedicated" } else { "shared" },
                "category": null,
                "architecture": if name.starts_with("cax") { "arm" } else { "x86" },
                "prices": prices(places), "locations": supported(places),
                "included_traffic": 0, "deprecated": false, "deprecation": null,
            })
        })
        .collect()
}

/// Where a type is offered; whether any is in stock there nobody imitates.
fn supported(places: &[&str]) -> Value {
    PLACES
        .iter()
        .filter(|place| places.contains(&place.1))
        .map(|place| {
            json!({"id": place.0, "name": place.1, "available": true, "recommended": true, "deprecation": null})
        })
        .collect()
}

pub fn load_balancer_types() -> Vec<Value> {
    [(1, "lb11", 10_000, 5, 25, 10), (2, "lb21", 20_000, 15, 75, 25), (3, "lb31", 40_000, 30, 150, 50)]
        .iter()
        .map(|(id, name, connections, services, targets, certificates)| {
            json!({
                "id": id, "name": name, "description": name.to_uppercase(),
                "max_connections": connections, "max_services": services, "max_targets": targets,
                "max_assigned_certificates": certificates, "prices": prices(EVERYWHERE),
                "deprecated": null,
            })
        })
        .collect()
}

pub fn images() -> Vec<Value> {
    [
        (67_794_396, "ubuntu-22.04", "ubuntu", "22.04", "x86"),
        (103_908_130, "ubuntu-22.04", "ubuntu", "22.04", "arm"),
        (114_690_387, "debian-12", "debian", "12", "x86"),
        (114_690_389, "debian-12", "debian", "12", "arm"),
        (161_547_269, "ubuntu-24.04", "ubuntu", "24.04", "x86"),
        (161_547_270, "ubuntu-24.04", "ubuntu", "24.04", "arm"),
    ]
    .iter()
    .map(|(id, name, flavor, version, architecture)| {
        json!({
            "id": id, "name": name, "description": name, "type": "system", "status": "available",
            "image_size": null, "disk_size": 5, "created": "2024-04-25T13:26:27+00:00",
            "created_from": null, "bound_to": null, "os_flavor": flavor, "os_version": version,
            "rapid_deploy": true, "protection": {"delete": false}, "deprecated": null,
            "deleted": null, "labels": {}, "architecture": architecture,
        })
    })
    .collect()
}

/// By name or by id, as most of the API's references.
pub fn find(rows: Vec<Value>, wanted: &Value) -> Option<Value> {
    rows.into_iter().find(|row| {
        row["name"] == *wanted || row["id"] == *wanted || wanted.as_str() == Some(&row["id"].to_string())
    })
}
