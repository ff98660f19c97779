//! How much of a plan the chosen apps take, app by app, and which plan they fit into.

use serde::{Deserialize, Serialize};

use super::{App, Footprint, PLATFORM_OVERHEAD, Plan};

/// How many people work with the apps: more of them need more room than the catalog's figures, which
/// are those of up to ten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    #[default]
    Low,
    Medium,
    High,
}

impl Usage {
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The factor, in percent (ui.md 1.7: 1.0, 1.5, 2.2).
    const fn percent(self) -> i32 {
        match self {
            Self::Low => 100,
            Self::Medium => 150,
            Self::High => 220,
        }
    }

    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|usage| usage.name() == name).unwrap_or_default()
    }
}

/// What one chosen app takes with the services that it brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub slug: String,
    pub name: String,
    pub footprint: Footprint,
}

/// Each chosen app's need, in their order. The platform's own is `PLATFORM_OVERHEAD`.
pub fn needs(chosen: &[String], apps: &[App], usage: Usage) -> Vec<Need> {
    let scaled = |n: i32| (n * usage.percent() + 99) / 100;
    chosen
        .iter()
        .filter_map(|slug| apps.iter().find(|app| app.slug == *slug))
        .map(|app| {
            let all = Footprint::of(std::slice::from_ref(&app.slug), apps);
            Need {
                slug: app.slug.clone(),
                name: app.name.clone(),
                footprint: Footprint {
                    ram_mb: scaled(all.ram_mb - PLATFORM_OVERHEAD.ram_mb),
                    cpu_milli: scaled(all.cpu_milli - PLATFORM_OVERHEAD.cpu_milli),
                    disk_gb: scaled(all.disk_gb - PLATFORM_OVERHEAD.disk_gb),
                },
            }
        })
        .collect()
}

/// The platform and all needs.
pub fn total(needs: &[Need]) -> Footprint {
    needs.iter().fold(PLATFORM_OVERHEAD, |sum, need| Footprint {
        ram_mb: sum.ram_mb + need.footprint.ram_mb,
        cpu_milli: sum.cpu_milli + need.footprint.cpu_milli,
        disk_gb: sum.disk_gb + need.footprint.disk_gb,
    })
}

/// Above this share of a plan it becomes tight.
pub const TIGHT_PERCENT: i32 = 80;

/// The cheapest plan that can be ordered and has room to spare; where none has, one that just fits.
pub fn suggest<'a>(plans: &'a [Plan], need: &Footprint) -> Option<&'a Plan> {
    let within = |most: i32| {
        plans
            .iter()
            .filter(|plan| plan.orderable)
            .filter(|plan| need.percent_of(plan).is_none_or(|percent| percent <= most))
            .min_by_key(|plan| plan.price.minor())
    };
    within(TIGHT_PERCENT).or_else(|| within(100))
}
