//! What is wrong, in words.

use domain::error::{Conflict, Error, FieldError, Problem, Refusal};

use super::{Messages, fill};
use crate::money;

messages!(Problems {
    required: "Please fill this in.", "يرجى ملء هذا الحقل.";
    too_short: "Use at least {n} characters.", "استخدم {n} أحرف على الأقل.";
    too_long: "Use at most {n} characters.", "استخدم {n} حرفًا كحد أقصى.";
    control_characters: "This holds characters that cannot be stored.", "يحتوي على رموز لا يمكن حفظها.";
    not_an_email: "This is not an e-mail address. Example: name@company.om", "هذا ليس عنوان بريد إلكتروني. مثال: name@company.om";
    not_a_slug: "Begin with a letter; use only a–z, 0–9 and single hyphens between them.", "ابدأ بحرف، واستخدم فقط a–z و0–9 وشرطات مفردة بينها.";
    reserved: "This name is reserved. Choose another.", "هذا الاسم محجوز. اختر اسمًا آخر.";
    not_a_code: "A code holds only letters, digits and single hyphens.", "يتكوّن الرمز من حروف وأرقام وشرطات مفردة فقط.";
    not_an_amount: "Write an amount such as 50.000.", "اكتب مبلغًا مثل 50.000.";
    too_many_decimals: "Use at most {n} decimals.", "استخدم {n} خانات عشرية كحد أقصى.";
    not_positive: "Must be more than zero.", "يجب أن يكون أكبر من صفر.";
    out_of_range: "Must be between {min} and {max}.", "يجب أن يكون بين {min} و{max}.";
    not_a_number: "Write a whole number.", "اكتب عددًا صحيحًا.";
    unknown_currency: "This currency is not used here.", "هذه العملة غير مستخدمة هنا.";
    unknown: "This choice is not known here.", "هذا الخيار غير معروف هنا.";
    not_six_digits: "The code is six digits.", "الرمز مكوّن من ستة أرقام.";
    cap_too_low: "{n} have been redeemed already; the limit must be higher.", "استُخدمت {n} مرات بالفعل؛ يجب أن يكون الحد أعلى.";
    voucher_unknown: "This voucher is not valid. Check the code.", "هذه القسيمة غير صالحة. تحقّق من الرمز.";
    voucher_inactive: "This voucher is not active.", "هذه القسيمة غير مفعّلة.";
    voucher_exhausted: "This voucher has been used up.", "استُنفدت هذه القسيمة.";
    voucher_changed: "This voucher has just been changed. Look at what it gives now, then order again.", "تغيّرت هذه القسيمة للتو. راجع قيمتها الآن ثم أعد الطلب.";
    voucher_already_redeemed: "You have already redeemed this voucher.", "سبق أن استخدمت هذه القسيمة.";
    voucher_currency: "This voucher is in another currency than the order.", "عملة القسيمة تختلف عن عملة الطلب.";
    plan_missing: "Choose a plan first.", "اختر خطة أولًا.";
    plan_unknown: "This plan does not exist any more. Choose another.", "لم تعد هذه الخطة موجودة. اختر غيرها.";
    plan_not_orderable: "This plan cannot be ordered online yet.", "لا يمكن طلب هذه الخطة عبر الإنترنت بعد.";
    app_unknown: "There is no app “{name}”.", "لا يوجد تطبيق «{name}».";
    app_not_deployable: "“{name}” cannot be deployed yet. Take it out to go on.", "لا يمكن نشر «{name}» بعد. أزله للمتابعة.";
    apps_missing: "Choose at least one app.", "اختر تطبيقًا واحدًا على الأقل.";
    app_installed: "{organization} has {app} already.", "لدى {organization} تطبيق {app} بالفعل.";
    addon_unknown: "There is no add-on “{name}”.", "لا توجد إضافة «{name}».";
    credit_too_small: "Your credit does not cover this order: {amount} is missing. Card payment is not available here yet. Nothing was charged and your voucher was not used.", "رصيدك لا يغطي هذا الطلب: ينقص {amount}. الدفع بالبطاقة غير متاح هنا بعد. لم يُخصم شيء ولم تُستخدم قسيمتك.";
    link_invalid: "This link was used already or is too old. Ask for a new one.", "استُخدم هذا الرابط من قبل أو انتهت صلاحيته. اطلب رابطًا جديدًا.";
    link_elsewhere: "You asked for this link in another browser. Type the six-digit code of the same mail instead.", "طلبت هذا الرابط من متصفح آخر. أدخل بدلًا منه الرمز المكوّن من ستة أرقام في الرسالة نفسها.";
    code_wrong: "This code is not right or is too old.", "هذا الرمز غير صحيح أو انتهت صلاحيته.";
    slug_taken: "This address is taken. Choose another.", "هذا العنوان مستخدم. اختر غيره.";
    key_reused: "This order was changed in another window. Look at it once more.", "عُدّل هذا الطلب في نافذة أخرى. راجعه مرة أخرى.";
    price_changed: "The price has changed: it was {seen} when you saw it and is {now} now.", "تغيّر السعر: كان {seen} عندما رأيته، وهو الآن {now}.";
    not_found: "It does not exist, or not any more.", "غير موجود، أو لم يعد موجودًا.";
    gone: "It is no longer available.", "لم يعد متاحًا.";
    forbidden: "Your account may not do this.", "حسابك غير مخوّل بهذا الإجراء.";
    signed_out: "Sign in first.", "سجّل الدخول أولًا.";
    limited: "Too many tries. Wait {n} seconds and try again.", "محاولات كثيرة. انتظر {n} ثانية ثم أعد المحاولة.";
    unavailable: "This does not work at the moment. Try again shortly.", "هذا لا يعمل الآن. أعد المحاولة بعد قليل.";
    internal: "Something went wrong on our side. Nothing was changed.", "حدث خطأ من جانبنا. لم يتغيّر شيء.";
    check_fields: "Some fields need your attention.", "بعض الحقول بحاجة إلى انتباهك.";
});

/// The sentence for one field.
pub fn explain_field(words: &Messages, problem: &Problem) -> String {
    let p = &words.problems;
    let n = |message: &str, n: &dyn ToString| fill(message, &[("n", &n.to_string())]);
    match problem {
        Problem::Required => p.required.to_owned(),
        Problem::TooShort { min } => n(p.too_short, min),
        Problem::TooLong { max } => n(p.too_long, max),
        Problem::ControlCharacters => p.control_characters.to_owned(),
        Problem::NotAnEmail => p.not_an_email.to_owned(),
        Problem::NotASlug => p.not_a_slug.to_owned(),
        Problem::Reserved => p.reserved.to_owned(),
        Problem::NotACode => p.not_a_code.to_owned(),
        Problem::NotAnAmount => p.not_an_amount.to_owned(),
        Problem::TooManyDecimals { max } => n(p.too_many_decimals, max),
        Problem::NotPositive => p.not_positive.to_owned(),
        Problem::OutOfRange { min, max } => {
            fill(p.out_of_range, &[("min", &min.to_string()), ("max", &max.to_string())])
        }
        Problem::NotANumber => p.not_a_number.to_owned(),
        Problem::UnknownCurrency => p.unknown_currency.to_owned(),
        Problem::Unknown => p.unknown.to_owned(),
        Problem::NotSixDigits => p.not_six_digits.to_owned(),
        Problem::CapTooLow { redeemed } => n(p.cap_too_low, redeemed),
    }
}

/// The sentence for a whole form.
pub fn explain(words: &Messages, error: &Error) -> String {
    let p = &words.problems;
    match error {
        Error::NotFound => p.not_found.to_owned(),
        Error::Invalid(fields) => match fields.as_slice() {
            [FieldError { problem, .. }] => explain_field(words, problem),
            _ => p.check_fields.to_owned(),
        },
        Error::Refused(refusal) => explain_refusal(words, refusal),
        Error::Conflict(Conflict::SlugTaken) => p.slug_taken.to_owned(),
        Error::Conflict(Conflict::KeyReused) => p.key_reused.to_owned(),
        Error::Conflict(Conflict::PriceChanged { seen, now }) => {
            let [seen, now] = [seen, now].map(|amount| money::text(words.locale, *amount));
            fill(p.price_changed, &[("seen", &seen), ("now", &now)])
        }
        Error::Gone => p.gone.to_owned(),
        Error::Forbidden => p.forbidden.to_owned(),
        Error::SignedOut => p.signed_out.to_owned(),
        Error::Limited { retry_after_seconds } => fill(p.limited, &[("n", &retry_after_seconds.to_string())]),
        Error::Unavailable { .. } => p.unavailable.to_owned(),
        Error::Internal => p.internal.to_owned(),
    }
}

fn explain_refusal(words: &Messages, refusal: &Refusal) -> String {
    let p = &words.problems;
    match refusal {
        Refusal::VoucherUnknown => p.voucher_unknown.to_owned(),
        Refusal::VoucherInactive => p.voucher_inactive.to_owned(),
        Refusal::VoucherExhausted => p.voucher_exhausted.to_owned(),
        Refusal::VoucherChanged => p.voucher_changed.to_owned(),
        Refusal::VoucherAlreadyRedeemed => p.voucher_already_redeemed.to_owned(),
        Refusal::VoucherCurrency => p.voucher_currency.to_owned(),
        Refusal::PlanMissing => p.plan_missing.to_owned(),
        Refusal::PlanUnknown(_) => p.plan_unknown.to_owned(),
        Refusal::PlanNotOrderable(_) => p.plan_not_orderable.to_owned(),
        Refusal::AppUnknown(name) => fill(p.app_unknown, &[("name", name)]),
        Refusal::AppNotDeployable(name) => fill(p.app_not_deployable, &[("name", name)]),
        Refusal::AppInstalled { organization, app } => {
            fill(p.app_installed, &[("organization", organization), ("app", app)])
        }
        Refusal::AppsMissing => p.apps_missing.to_owned(),
        Refusal::AddonUnknown(name) => fill(p.addon_unknown, &[("name", name)]),
        Refusal::CreditTooSmall { short } => {
            fill(p.credit_too_small, &[("amount", &money::text(words.locale, *short))])
        }
        Refusal::LinkInvalid => p.link_invalid.to_owned(),
        Refusal::LinkElsewhere => p.link_elsewhere.to_owned(),
        Refusal::CodeWrong => p.code_wrong.to_owned(),
    }
}
