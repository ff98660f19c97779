//! The form that issues a voucher or changes one, and how what it sends is read.

use domain::{
    error::{Fields, Problem, Result},
    money::{Currency, Money},
    text::{VoucherCode, latin_digits, plain_text},
    vouchers::{DESCRIPTION_MAX, Issue, REDEMPTIONS_MAX, Voucher, ops},
};
use leptos::prelude::*;
use ui::{field::Field, form::Form, icon::Icon, messages::Messages, rich::rich, server};

pub const ACTION: &str = "/do/vouchers/issue";

/// Reads the form; all that is wrong is told at once.
pub fn read(
    code: &str,
    credit: &str,
    description: &str,
    max_redemptions: &str,
    active: bool,
    currency: Currency,
) -> Result<Issue> {
    let mut fields = Fields::default();
    let code = fields.take("code", VoucherCode::parse(code));
    let credit = fields.take("credit", read_credit(credit, currency));
    let description = fields.take("description", plain_text(description, DESCRIPTION_MAX));
    let max_redemptions = fields.take("max_redemptions", read_cap(max_redemptions));
    match (code, credit, description, max_redemptions) {
        (Some(code), Some(credit), Some(description), Some(max_redemptions)) => {
            Ok(Issue { code, credit, description, active, max_redemptions })
        }
        _ => Err(fields.finish().err().unwrap_or(domain::Error::Internal)),
    }
}

fn read_credit(text: &str, currency: Currency) -> Result<Money, Problem> {
    let text = latin_digits(text);
    if text.trim().is_empty() {
        return Err(Problem::Required);
    }
    let credit = Money::parse(text.trim(), currency)?;
    if credit.is_positive() { Ok(credit) } else { Err(Problem::NotPositive) }
}

/// Empty: no limit.
fn read_cap(text: &str) -> Result<i32, Problem> {
    let text = latin_digits(text);
    let text = text.trim();
    if text.is_empty() {
        return Ok(0);
    }
    let too_large = Problem::OutOfRange { min: 0, max: REDEMPTIONS_MAX.into() };
    let cap: i64 = text.parse().map_err(|_| Problem::NotANumber)?;
    i32::try_from(cap).ok().filter(|cap| (0..=REDEMPTIONS_MAX).contains(cap)).ok_or(too_large)
}

/// Empty with a suggested code, or filled with the voucher that is to be changed.
pub fn issue_panel(words: &'static Messages, editing: Option<&Voucher>) -> Result<impl IntoView + use<>> {
    let a = &words.admin;
    let form = Form::of(ACTION);
    let title = match editing {
        Some(voucher) => rich(a.edit_title, vec![("code", code_view(voucher.code.as_str()))]),
        None => a.issue_title.into_any(),
    };
    let button = match editing {
        Some(_) => view! {
            <button class="button button--primary">{a.save}</button>
            <a class="button" href="/admin/billing">{words.common.cancel}</a>
        }
        .into_any(),
        None => view! { <button class="button button--primary"><Icon name="ticket"/>{a.issue}</button> }
            .into_any(),
    };
    let fields = fields(words, form.clone(), editing)?;
    Ok(view! {
        {form.summary()}
        <section class="panel" aria-labelledby="issue">
            <h2 class="panel__title" id="issue">{title}</h2>
            <form class="form" method="post" action=ACTION>
                {fields}
                <div class="form__actions">{button}</div>
            </form>
        </section>
    })
}

fn fields(words: &'static Messages, form: Form, editing: Option<&Voucher>) -> Result<impl IntoView + use<>> {
    let a = &words.admin;
    let currency = server::services().currency.code();
    let code = match editing {
        Some(voucher) => view! {
            <input type="hidden" name="editing" value="yes"/>
            <input type="hidden" name="code" value=voucher.code.to_string()/>
        }
        .into_any(),
        None => {
            let suggested = ops::suggest_code()?.to_string();
            view! {
                <Field
                    form=form.clone()
                    name="code"
                    label=a.code
                    value=suggested
                    class="input--code"
                    autocomplete="off"
                    maxlength=VoucherCode::MAX
                    hint=a.code_hint
                    required=true
                />
            }
            .into_any()
        }
    };
    let credit = editing.map(|voucher| voucher.credit.amount()).unwrap_or_default();
    let cap = editing.filter(|voucher| voucher.max_redemptions > 0);
    let cap = cap.map(|voucher| voucher.max_redemptions.to_string()).unwrap_or_default();
    let description = editing.map(|voucher| voucher.description.clone()).unwrap_or_default();
    let active = form.chosen("active", "on", editing.is_none_or(|voucher| voucher.active));
    Ok(view! {
        <div class="form__row">
            {code}
            <Field
                form=form.clone()
                name="credit"
                label=a.worth
                value=credit
                class="figures"
                inputmode="decimal"
                autocomplete="off"
                maxlength=20
                required=true
                prefix=currency
            />
            <Field
                form=form.clone()
                name="max_redemptions"
                label=a.customers_at_most
                value=cap
                class="figures"
                inputmode="numeric"
                autocomplete="off"
                maxlength=8
                hint=a.customers_hint
            />
        </div>
        <Field
            form
            name="description"
            label=a.description
            value=description
            autocomplete="off"
            maxlength=DESCRIPTION_MAX
            hint=a.description_hint
            optional=true
        />
        <label class="tick">
            <input class="tick__input" type="checkbox" name="active" value="on" checked=active/>
            <span class="tick__text">{a.active_tick}</span>
        </label>
    })
}

/// A code inside a sentence.
pub fn code_view(code: &str) -> AnyView {
    view! { <bdi class="code">{code.to_owned()}</bdi> }.into_any()
}

#[cfg(test)]
mod tests {
    use domain::{Error, error::FieldError};

    use super::*;

    #[test]
    fn all_wrong_fields_are_told_at_once() {
        let wrong = read("a b", "12.3456", &"x".repeat(201), "-1", true, Currency::OMR);
        let Err(Error::Invalid(fields)) = wrong else { panic!("{wrong:?}") };
        let names: Vec<_> = fields.iter().map(|FieldError { field, .. }| field.as_str()).collect();
        assert_eq!(names, ["code", "credit", "description", "max_redemptions"]);
    }

    #[test]
    fn arabic_digits_and_an_empty_cap_are_understood() {
        let issue = read(" welcome-50 ", "٥٠٫٥", "", " ", false, Currency::OMR).expect("a good form");
        assert_eq!(issue.code.as_str(), "WELCOME-50");
        assert_eq!(issue.credit.minor(), 50_500);
        assert_eq!((issue.max_redemptions, issue.active), (0, false));
    }
}
