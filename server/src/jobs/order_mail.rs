//! Mails the receipt of an order. An order knows no language, so the receipt is in both.

use adapters::mail::Mail;
use domain::{
    access::Worker,
    error::{Error, Result},
    ids::OrderId,
    jobs::OrderMail,
    orders::{self, Order},
    text::Locale,
};
use ui::{
    messages::{Messages, fill},
    money,
};

use super::{
    background_job::{BackgroundJob, Outcome},
    mail_body::{self, Block, Part},
};
use crate::app::App;

impl BackgroundJob for OrderMail {
    const SLOTS: usize = 2;

    async fn run(&self, app: &App, worker: &Worker) -> Outcome {
        let order = match read(worker, app, self.order_id).await {
            Ok(order) => order,
            Err(Error::NotFound) => return Outcome::GiveUp("there is no such order".to_owned()),
            Err(error) => return error.into(),
        };
        match app.adapters.mail.send(&write(&app.services.public_url, &order)).await {
            Ok(()) => Outcome::Done,
            Err(error) => {
                tracing::warn!(order = %self.order_id, %error, "a receipt was not sent");
                error.into()
            }
        }
    }
}

async fn read(worker: &Worker, app: &App, id: OrderId) -> Result<Order> {
    orders::ops::for_job(worker, &mut *app.services.pool.acquire().await?, id).await
}

fn write(public_url: &str, order: &Order) -> Mail {
    let parts = Locale::ALL.map(|locale| write_part(public_url, order, locale));
    let organization = [("organization", order.organization_name.as_str())];
    let subjects = Locale::ALL.map(|locale| fill(Messages::of(locale).mail.order_subject, &organization));
    Mail {
        to: order.email.clone(),
        subject: subjects.join(" · "),
        text: mail_body::text(&parts),
        html: mail_body::html(&parts),
    }
}

fn write_part(public_url: &str, order: &Order, locale: Locale) -> Part {
    let words = &Messages::of(locale).mail;
    let mut lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| (line.name.get(locale).to_owned(), money::text(locale, line.amount)))
        .collect();
    lines.push((words.order_total.to_owned(), money::text(locale, order.total)));
    Part {
        locale,
        blocks: vec![
            Block::Text(words.greeting.to_owned()),
            Block::Text(fill(words.order_intro, &[("organization", &order.organization_name)])),
            Block::Text(fill(words.order_number, &[("id", &order.order_id.to_string())])),
            Block::Table(lines),
            Block::Text(words.order_paid.to_owned()),
            Block::Button(words.order_button.to_owned(), format!("{public_url}/console")),
            Block::Text(words.farewell.to_owned()),
        ],
    }
}
