//! Words of the mails. The server's jobs put them together.

messages!(Mail {
    greeting: "Hello,", "مرحبًا،";
    farewell: "Catalyst", "كاتاليست";
    sign_in_subject: "Sign in to Catalyst", "تسجيل الدخول إلى كاتاليست";
    sign_in_intro: "You asked to sign in. The button works once, within {minutes} minutes, in the browser where you asked.", "طلبت تسجيل الدخول. يعمل الزر مرة واحدة خلال {minutes} دقائق، في المتصفح الذي طلبت منه.";
    sign_in_button: "Sign in", "تسجيل الدخول";
    sign_in_code: "In another browser, type this code instead:", "في متصفح آخر، أدخل هذا الرمز بدلًا من ذلك:";
    sign_in_ignore: "You did not ask? Then do nothing: without this mail nobody gets in. Give the code to nobody.", "لم تطلب ذلك؟ لا تفعل شيئًا: لا يمكن لأحد الدخول دون هذه الرسالة. لا تعطِ الرمز لأحد.";
    order_subject: "Your order for {organization}", "طلبك لـ {organization}";
    order_intro: "Thank you. We are setting up {organization}; the console shows how far it is.", "شكرًا لك. نجهّز الآن {organization}، ويمكنك متابعة التقدّم في لوحة التحكم.";
    order_number: "Order {id}", "الطلب {id}";
    order_total: "Total a month", "الإجمالي شهريًا";
    order_paid: "Paid by credit.", "دُفع من الرصيد.";
    order_button: "Open the console", "افتح لوحة التحكم";
});
