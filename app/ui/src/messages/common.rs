//! Words that every surface uses.

messages!(Common {
    product: "Catalyst", "Catalyst";
    skip_to_content: "Skip to content", "تخطَّ إلى المحتوى";
    sign_in: "Sign in", "تسجيل الدخول";
    sign_out: "Sign out", "تسجيل الخروج";
    console: "Console", "لوحة التحكم";
    admin: "Administration", "الإدارة";
    language: "Language", "اللغة";
    other_language: "العربية", "English";
    theme: "Theme", "المظهر";
    theme_system: "System", "النظام";
    theme_light: "Light", "فاتح";
    theme_dark: "Dark", "داكن";
    back: "Back", "رجوع";
    cancel: "Cancel", "إلغاء";
    close: "Close", "إغلاق";
    retry: "Try again", "أعد المحاولة";
    home: "Home", "الرئيسية";
    optional: "optional", "اختياري";
    per_month: "a month", "شهريًا";
    free: "Free", "مجاني";
    copy: "Copy", "نسخ";
    copied: "Copied", "نُسخ";
    error_summary: "Please correct the following", "يرجى تصحيح ما يلي";
    request_id: "Request {id}", "الطلب {id}";
    not_found_title: "Nothing is here", "لا شيء هنا";
    not_found_text: "The page does not exist, or is not yours to see.", "الصفحة غير موجودة، أو ليست لك صلاحية رؤيتها.";
    forbidden_title: "Not for this account", "غير متاح لهذا الحساب";
    forbidden_text: "Your account is not allowed to see this page. Somebody with more rights can give you access.", "حسابك غير مخوّل برؤية هذه الصفحة. يمكن لمن يملك صلاحيات أوسع أن يمنحك الوصول.";
    broken_title: "Something went wrong on our side", "حدث خطأ من جانبنا";
    broken_text: "Nothing was changed. Try again; if it stays like this, tell support the request number.", "لم يتغيّر شيء. أعد المحاولة، وإن استمر الأمر فأخبر الدعم برقم الطلب.";
    noscript_refresh: "This page refreshes by itself until everything is done.", "تتحدّث هذه الصفحة تلقائيًا حتى يكتمل كل شيء.";
});
