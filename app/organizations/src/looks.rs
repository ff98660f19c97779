//! How the states of Organizations and Applications look.

use domain::organizations::{ApplicationState, OrganizationState};
use ui::{messages::Messages, state::Look};

pub fn application(words: &Messages, state: ApplicationState) -> Look {
    let c = &words.console;
    match state {
        ApplicationState::Queued => Look::new("queued", "queued", c.app_queued),
        ApplicationState::Delivering => Look::spinning("installing", c.app_delivering),
        ApplicationState::Committed => Look::new("done", "ok", c.app_committed),
        ApplicationState::Failed => Look::new("failed", "failed", c.app_failed),
    }
}

pub fn organization(words: &Messages, state: OrganizationState) -> Look {
    let c = &words.console;
    match state {
        OrganizationState::Provisioning => Look::spinning("installing", c.organization_provisioning),
        OrganizationState::Active => Look::new("active", "ok", c.organization_active),
        OrganizationState::Failed => Look::new("failed", "failed", c.organization_failed),
        OrganizationState::Suspended => Look::new("paused", "pause", c.organization_suspended),
        OrganizationState::Deleting => Look::new("ended", "trash", c.organization_deleting),
        OrganizationState::Deleted => Look::new("ended", "ban", c.organization_deleted),
    }
}
