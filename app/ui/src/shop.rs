//! A page of the marketplace: the header with the steps of the order, who is here, what is in the cart;
//! then the page, or what went wrong with it. One connection for all of it.

use std::{future::Future, sync::Arc};

use domain::{
    access::Actor,
    carts::{self, Cart},
    catalog::Catalog,
    checkout::Selection,
    error::{Error, Result},
    text::Locale,
};
use leptos::prelude::*;
use sqlx::{Postgres, pool::PoolConnection};

use crate::{
    chrome::{AccountMenu, Brand, Footer, Preferences, SkipLink, initials},
    icon::Icon,
    messages::Messages,
    number::{counted, number},
    page::{error_view, sign_in_path},
    refresh::Refresh,
    server,
    toast::toasts,
};

/// Where in the shop a page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// With the main navigation; the path of its entry, if it is one.
    Open(&'static str),
    /// A step of the order.
    Step(Step),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Plan,
    Apps,
    Addons,
    Review,
    Checkout,
}

/// What a page of the shop is given.
pub struct Shop {
    pub conn: PoolConnection<Postgres>,
    pub actor: Option<Actor>,
    pub cart: Option<Cart>,
    pub words: &'static Messages,
    pub locale: Locale,
}

impl Shop {
    async fn open() -> Result<Self> {
        let words = server::words();
        let mut conn = server::conn().await?;
        let actor = server::maybe_actor(&mut conn).await?;
        let cart = match server::maybe_cart_id().await? {
            Some(id) => carts::ops::get(&mut conn, id).await?,
            None => None,
        };
        Ok(Self { conn, actor, cart, words, locale: words.locale })
    }

    /// As it is now; read from memory until it changes.
    pub async fn catalog(&mut self) -> Result<Arc<Catalog>> {
        server::catalog(&mut self.conn).await
    }

    /// What was chosen so far.
    pub fn selection(&self) -> Selection {
        self.cart.as_ref().map(|cart| cart.selection.clone()).unwrap_or_default()
    }
}

/// Renders a page of the shop. `content` gives the `<main>`.
pub fn page<F, Fut, V>(place: Place, content: F) -> impl IntoView
where
    F: FnOnce(Shop) -> Fut + Send + 'static,
    Fut: Future<Output = Result<V>> + Send + 'static,
    V: IntoView + 'static,
{
    Suspend::new(async move {
        let words = server::words();
        let (header, result) = match Shop::open().await {
            Ok(shop) => {
                let header = header(words, place, shop.actor.as_ref(), shop.cart.as_ref()).into_any();
                (header, content(shop).await.map(|view| view.into_any()))
            }
            Err(error) => (header(words, place, None, None).into_any(), Err(error)),
        };
        let main = match result {
            Ok(view) => view,
            Err(Error::SignedOut) => {
                server::go(&sign_in_path(&server::request().path));
                ().into_any()
            }
            Err(error) => {
                server::set_status(server::status(&error));
                view! { <main id="main" class="page">{error_view(&error)}</main> }.into_any()
            }
        };
        view! { <SkipLink words/> {header} {main} {toasts(words).await} <Footer words/> <Refresh/> }
    })
}

fn header(
    words: &'static Messages,
    place: Place,
    actor: Option<&Actor>,
    cart: Option<&Cart>,
) -> impl IntoView + use<> {
    let c = &words.common;
    let count = cart.map_or(0, |cart| {
        usize::from(cart.selection.plan.is_some()) + cart.selection.apps.len() + cart.selection.addons.len()
    });
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let badge = (count > 0).then(|| {
        view! { <span class="header__count" aria-hidden="true">{number(words.locale, count)}</span> }
    });
    let label = if count == 0 { c.cart_empty.to_owned() } else { counted(words.locale, c.cart_label, count) };
    let (door, menu) = match actor {
        Some(actor) => {
            let account = actor.account().clone();
            let button = view! {
                <button class="button button--quiet button--icon" type="button" popovertarget="account" aria-label=c.account>
                    <span class="avatar" aria-hidden="true">{initials(&account)}</span>
                </button>
            };
            (button.into_any(), Some(view! { <AccountMenu words account/> }))
        }
        None => {
            let path = server::request().path;
            let href = if path == "/" { "/sign-in".to_owned() } else { sign_in_path(&path) };
            (view! { <a class="button button--quiet" href=href>{c.sign_in}</a> }.into_any(), None)
        }
    };
    let navigation = match place {
        Place::Open(current) => main_navigation(words, current).into_any(),
        Place::Step(step) => stepper(words, step, cart).into_any(),
    };
    view! {
        <header class="header">
            <div class="header__inner">
                <Brand/>
                {navigation}
                <div class="header__tools">
                    <button
                        class="button button--quiet button--icon"
                        type="button"
                        popovertarget="preferences"
                        aria-label=c.preferences
                    >
                        <Icon name="languages"/>
                    </button>
                    <a class="button button--quiet button--icon header__cart" id="cart" href="/review" aria-label=label>
                        <Icon name="bag"/>
                        {badge}
                    </a>
                    {door}
                </div>
            </div>
            <div class="menu" id="preferences" popover="auto"><Preferences words/></div>
            {menu}
        </header>
    }
}

fn main_navigation(words: &'static Messages, current: &'static str) -> impl IntoView + use<> {
    let c = &words.common;
    let links = [("/plans", c.plans), ("/apps", c.apps), ("/redeem", c.redeem)].map(
        |(href, text)| view! { <a href=href aria-current=(href == current).then_some("page")>{text}</a> },
    );
    view! { <nav class="header__nav" aria-label=c.main_navigation>{links.into_iter().collect_view()}</nav> }
}

/// A step is done when the cart holds what it asks for; the review is done once the checkout is reached.
fn stepper(words: &'static Messages, now: Step, cart: Option<&Cart>) -> impl IntoView + use<> {
    let c = &words.common;
    let done = |step: Step| match step {
        Step::Plan => cart.is_some_and(|cart| cart.selection.plan.is_some()),
        Step::Apps => cart.is_some_and(|cart| !cart.selection.apps.is_empty()),
        Step::Addons => cart.is_some_and(|cart| !cart.organization_slug.is_empty()),
        Step::Review => {
            now == Step::Checkout
                && cart.is_some_and(|cart| cart.selection.plan.is_some() && !cart.selection.apps.is_empty())
        }
        Step::Checkout => false,
    };
    let steps = [
        (Step::Plan, "/plans", c.step_plan),
        (Step::Apps, "/apps", c.step_apps),
        (Step::Addons, "/addons", c.step_addons),
        (Step::Review, "/review", c.step_review),
        (Step::Checkout, "/checkout", c.step_checkout),
    ];
    let items = steps
        .into_iter()
        .zip(1..)
        .map(|((step, href, text), position)| {
            let is_done = step != now && done(step);
            let state = if step == now {
                "current"
            } else if is_done {
                "done"
            } else {
                "todo"
            };
            let mark = if is_done {
                view! { <Icon name="check"/> }.into_any()
            } else {
                number(words.locale, position).into_any()
            };
            view! {
                <li class="stepper__step" data-state=state>
                    <a class="stepper__link" href=href aria-current=(step == now).then_some("step")>
                        <span class="stepper__mark">{mark}</span>
                        <span class="stepper__label">{text}</span>
                        {is_done.then(|| view! { <span class="sr-only">{c.step_done}</span> })}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="stepper" aria-label=c.steps><ol class="stepper__list">{items}</ol></nav>
    }
}
