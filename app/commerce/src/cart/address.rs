//! The name of an Organization and its address. With script the address is proposed and looked up while
//! somebody types: the page is asked for again with `?organization_name=&organization_slug=`.

use domain::{
    carts::Cart,
    error::{Conflict, Problem, Result},
    organizations,
    text::{OrganizationName, Slug},
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use sqlx::PgConnection;
use ui::{
    field::Field,
    form::Form,
    icon::Icon,
    messages::{Messages, explain, explain_field},
    server,
};

pub const NAME_ORGANIZATION: &str = "/do/cart/organization";

/// What stands in the two fields.
pub struct Naming {
    name: String,
    slug: String,
    /// The address was made of the name, and follows it until somebody types one.
    proposed: bool,
    standing: Standing,
}

enum Standing {
    /// Not looked up, or there is nothing to look up.
    Open,
    Free,
    /// It cannot be had, and why.
    Refused(String),
}

impl Naming {
    /// What was refused, or else what the cart holds.
    pub fn of(form: &Form, cart: Option<&Cart>) -> Self {
        let (name, slug) = cart
            .map(|cart| (cart.organization_name.as_str(), cart.organization_slug.as_str()))
            .unwrap_or_default();
        Self {
            name: form.value("organization_name", name),
            slug: form.value("organization_slug", slug),
            proposed: false,
            standing: form.problem("organization_slug").map_or(Standing::Open, Standing::Refused),
        }
    }

    /// What somebody is typing; an address that is empty is proposed.
    pub async fn typed(
        conn: &mut PgConnection,
        words: &Messages,
        (name, slug): (String, String),
    ) -> Result<Self> {
        let proposed = slug.trim().is_empty();
        let slug = if proposed { Slug::propose(&name) } else { slug };
        let standing = match Slug::parse(&slug) {
            Ok(slug) if organizations::ops::slug_is_free(conn, &slug).await? => Standing::Free,
            Ok(_) => Standing::Refused(explain(words, &Conflict::SlugTaken.into())),
            Err(Problem::Required) => Standing::Open,
            Err(problem) => Standing::Refused(explain_field(words, &problem)),
        };
        Ok(Self { name, slug, proposed, standing })
    }
}

/// The two fields as the address of the page says them.
pub fn typed(query: &ParamsMap) -> Option<(String, String)> {
    let text = |name, max| Some(query.get_str(name)?.chars().take(max).collect::<String>());
    let name = text("organization_name", OrganizationName::MAX)?;
    // One letter more than there may be is too long, and is told so.
    Some((name, text("organization_slug", Slug::MAX + 1).unwrap_or_default()))
}

/// Name, address, and what the address looks like with an app of the cart before it.
pub fn fields(
    words: &'static Messages,
    form: &Form,
    naming: Naming,
    app: Option<&String>,
) -> impl IntoView + use<> {
    let c = &words.checkout;
    let Naming { name, slug, proposed, standing } = naming;
    let domain = server::services().apps_domain.clone();
    let app = app.map_or("wordpress", String::as_str).to_owned();
    let host = if slug.is_empty() { "your-name".to_owned() } else { slug.to_lowercase() };
    let refused = matches!(standing, Standing::Refused(_));
    let standing = match standing {
        Standing::Open => None,
        Standing::Free => {
            let text = c.slug_available;
            Some(view! { <p class="field__state"><Icon name="ok"/>{text}</p> }.into_any())
        }
        Standing::Refused(text) => {
            Some(view! { <p class="field__error"><Icon name="alert"/>{text}</p> }.into_any())
        }
    };
    view! {
        <div class="form naming" id="naming" data-refresh-asks="/addons" data-refresh="naming">
            <div class="form__row">
                <Field
                    form=form.clone()
                    name="organization_name"
                    label=c.organization_name
                    value=name
                    autocomplete="organization"
                    maxlength=OrganizationName::MAX
                    required=true
                />
                <div class="field">
                    <label class="field__label" for="organization_slug">{c.address}</label>
                    <div class="input-group" dir="ltr">
                        <input
                            class="input"
                            id="organization_slug"
                            name="organization_slug"
                            value=slug
                            maxlength=Slug::MAX
                            autocomplete="off"
                            autocapitalize="none"
                            spellcheck="false"
                            aria-invalid=refused.then_some("true")
                            aria-describedby="organization_slug-error organization_slug-hint"
                            data-proposed=proposed
                        />
                        <span class="input-group__part code">{format!(".{domain}")}</span>
                    </div>
                    <div class="field__standing" id="organization_slug-error" role="status">{standing}</div>
                    <p class="field__hint" id="organization_slug-hint">{c.address_hint}</p>
                </div>
            </div>
            <p class="address">
                <Icon name="globe"/>
                <span>{c.address_at}</span>
                <span class="address__host code">{format!("{app}.")}<b>{host}</b>{format!(".{domain}")}</span>
            </p>
        </div>
    }
}
