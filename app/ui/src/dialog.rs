//! The one dialog. The server renders it open, over the page, at the address of the link that asks for it
//! (`?revoke=CODE`); closing it is a link back. Its body is the form that does it.

use leptos::prelude::*;

use crate::{icon::Icon, messages::Messages};

/// `consequences` are what will happen, each with an icon; `children` are the hidden fields; the last row is
/// keep, then do.
#[component]
pub fn Dialog(
    words: &'static Messages,
    /// The form's action.
    action: &'static str,
    #[prop(into)] title: AnyView,
    /// Where the page without the dialog is.
    #[prop(into)]
    close: String,
    #[prop(optional)] consequences: Vec<(&'static str, AnyView)>,
    #[prop(into)] keep: String,
    #[prop(into)] confirm: String,
    /// It cannot be undone.
    #[prop(optional)]
    danger: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let consequences = (!consequences.is_empty()).then(|| {
        let items = consequences
            .into_iter()
            .map(|(icon, text)| view! { <li><Icon name=icon/><span>{text}</span></li> })
            .collect_view();
        view! { <ul class="dialog__consequences">{items}</ul> }
    });
    let button = if danger { "button button--danger-fill" } else { "button button--primary" };
    view! {
        <div class="dialog-scrim">
            <dialog class="dialog" open=true aria-modal="true" aria-labelledby="dialog-title">
                <form class="dialog__body" method="post" action=action>
                    <h2 class="dialog__title" id="dialog-title">{title}</h2>
                    <a
                        class="button button--quiet button--icon dialog__close"
                        href=close.clone()
                        aria-label=words.common.close
                    >
                        <Icon name="close"/>
                    </a>
                    {consequences}
                    {children.map(|children| children())}
                    <div class="dialog__actions">
                        <a class="button" href=close.clone() autofocus=true>{keep}</a>
                        <button class=button>{confirm}</button>
                    </div>
                </form>
            </dialog>
        </div>
    }
}
