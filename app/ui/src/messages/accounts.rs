//! Words of: signing in.

messages!(Accounts {
    sign_in_text: "We mail you a link. New here? The same link makes your account.", "نرسل لك رابطًا بالبريد. جديد هنا؟ الرابط نفسه ينشئ حسابك.";
    email: "E-mail", "البريد الإلكتروني";
    mail_link: "Mail me a link", "أرسل الرابط";
    development: "This installation keeps its mail here instead of sending it.", "هذا التثبيت يحتفظ برسائله هنا بدلًا من إرسالها.";
    development_mailbox: "Open the mailbox", "افتح صندوق البريد";
    check_mail: "Check your mail", "تحقّق من بريدك";
    check_mail_text: "If {email} can receive mail, a link is there now. Open it in this browser within 10 minutes.", "إن كان {email} يستقبل البريد فقد وصله رابط الآن. افتحه في هذا المتصفح خلال ١٠ دقائق.";
    code_elsewhere_text: "Type the address that you asked with, and the six digits of the mail.", "اكتب العنوان الذي طلبت به، والأرقام الستة التي في الرسالة.";
    code: "Or type the six digits of the mail", "أو اكتب الأرقام الستة التي في الرسالة";
    code_only: "The six digits of the mail", "الأرقام الستة التي في الرسالة";
    nothing_came: "Nothing came? Look in the spam folder first.", "لم يصل شيء؟ انظر في مجلد الرسائل غير المرغوبة أولًا.";
    send_again: "Send it again", "أرسله مرة أخرى";
    other_address: "Another address", "عنوان آخر";
    one_more_click: "One more click", "نقرة واحدة بعد";
    one_more_click_text: "You are signing in as {email}. The link works once.", "أنت تسجّل الدخول باسم {email}. يعمل الرابط مرة واحدة.";
    link_over: "This link is over", "انتهى هذا الرابط";
    link_over_text: "It was used already, or it is older than 10 minutes. A new one takes a moment.", "استُخدم من قبل، أو مضى عليه أكثر من ١٠ دقائق. الرابط الجديد لا يستغرق إلا لحظة.";
    new_link: "Ask for a new link", "اطلب رابطًا جديدًا";
    link_elsewhere: "You asked in another browser", "طلبته من متصفح آخر";
    link_elsewhere_text: "The link opens only where it was asked for. The six digits of the same mail work here too.", "لا يُفتح الرابط إلا حيث طُلب. أما الأرقام الستة في الرسالة نفسها فتعمل هنا أيضًا.";
    type_code: "Type the six digits", "اكتب الأرقام الستة";
    link_sent: "A new mail is on its way.", "الرسالة الجديدة في الطريق.";
    signed_out_everywhere: "You are signed out on every device.", "سجّلت الخروج من كل الأجهزة.";
    sign_out_everywhere: "Sign out on every device", "الخروج من كل الأجهزة";
    role_superadmin: "superadmin", "مشرف عام";
    role_sovereign_admin: "sovereign-admin", "مشرف المنصة";
    role_support: "support", "الدعم";
    role_customer: "customer", "عميل";
});
