//! Mints a link's secrets and mails them. A repeat mints anew and voids the mail before, so no secret
//! is kept anywhere but in the mail; none is logged.

use adapters::mail::Mail;
use domain::{
    access::Worker,
    error::Result,
    identity::{
        LINK_MINUTES,
        ops::{LinkMail, mint_link},
    },
    ids::SignInLinkId,
    jobs::SignInMail,
};
use ui::messages::{Messages, fill};

use super::{
    background_job::{BackgroundJob, Outcome},
    mail_body::{self, Block, Part},
};
use crate::app::App;

impl BackgroundJob for SignInMail {
    const SLOTS: usize = 4;

    async fn run(&self, app: &App, worker: &Worker) -> Outcome {
        let minted = match mint(worker, app, self.sign_in_link_id).await {
            Ok(Some(minted)) => minted,
            // Used by an earlier mail, or too old: nobody waits for it.
            Ok(None) => return Outcome::Done,
            Err(error) => return error.into(),
        };
        match app.adapters.mail.send(&write(&app.services.public_url, &minted)).await {
            Ok(()) => Outcome::Done,
            Err(error) => {
                tracing::warn!(link = %self.sign_in_link_id, %error, "a sign-in mail was not sent");
                error.into()
            }
        }
    }
}

async fn mint(worker: &Worker, app: &App, id: SignInLinkId) -> Result<Option<LinkMail>> {
    let mut conn = app.services.pool.acquire().await?;
    mint_link(worker, &mut conn, &app.services.key, id).await
}

fn write(public_url: &str, minted: &LinkMail) -> Mail {
    let words = &Messages::of(minted.locale).mail;
    let url = format!("{public_url}/sign-in/link?token={}", minted.token);
    let minutes = LINK_MINUTES.to_string();
    let part = Part {
        locale: minted.locale,
        blocks: vec![
            Block::Text(words.greeting.to_owned()),
            Block::Text(fill(words.sign_in_intro, &[("minutes", &minutes)])),
            Block::Button(words.sign_in_button.to_owned(), url),
            Block::Text(words.sign_in_code.to_owned()),
            Block::Code(minted.code.clone()),
            Block::Text(words.sign_in_ignore.to_owned()),
            Block::Text(words.farewell.to_owned()),
        ],
    };
    let parts = [part];
    Mail {
        to: minted.email.to_string(),
        subject: words.sign_in_subject.to_owned(),
        text: mail_body::text(&parts),
        html: mail_body::html(&parts),
    }
}

#[cfg(test)]
mod tests {
    use domain::text::{Email, Locale};

    use super::*;

    #[test]
    fn the_mail_speaks_the_language_of_the_page_that_asked() {
        let email = Email::parse("sara@example.om").expect("an address");
        for (locale, words) in [(Locale::En, "You asked to sign in"), (Locale::Ar, "طلبت تسجيل الدخول")]
        {
            let minted = LinkMail {
                email: email.clone(),
                locale,
                token: "ab12".to_owned(),
                code: "012345".to_owned(),
            };
            let mail = write("https://shop.example.om", &minted);
            for body in [&mail.text, &mail.html] {
                assert!(body.contains(words) && body.contains("012345"), "{body}");
                assert!(body.contains("https://shop.example.om/sign-in/link?token=ab12"), "{body}");
            }
            assert!(mail.html.contains(&format!("dir=\"{}\"", locale.direction())));
        }
    }
}
