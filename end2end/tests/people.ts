// What people do on the site, in their words; used by every spec, with JavaScript on and off.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

export const base = () => process.env.E2E_BASE!;

/** A name that no other test uses. */
export const unique = (word: string) => `${word}${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;

interface Mail { subject: string; text: string; html: string; secure: boolean }

async function signInMails(address: string): Promise<Mail[]> {
  const answer = await fetch(`${process.env.E2E_MAIL}/mails?to=${encodeURIComponent(address)}`);
  const mails: Mail[] = await answer.json();
  return mails.filter((mail) => /\/sign-in\/link\?/.test(mail.text));
}

/** The sign-in mail that comes after `ask`. */
export async function mailAfter(address: string, ask: () => Promise<unknown>): Promise<Mail> {
  const before = (await signInMails(address)).length;
  await ask();
  for (let tries = 0; tries < 200; tries++) {
    const mails = await signInMails(address);
    if (mails.length > before) return mails[mails.length - 1];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail for ${address}`);
}

export const linkIn = (mail: Mail) => mail.text.match(/https?:\/\/\S+\/sign-in\/link\?\S+/)![0];
export const codeIn = (mail: Mail) => mail.text.match(/\b(\d{3} ?\d{3})\b/)![1].replace(' ', '');

/** Asks for a link in the form that is open. */
export function askForLink(page: Page, email: string): Promise<Mail> {
  return mailAfter(email, async () => {
    const form = page.locator('form[action="/sign-in"]').first();
    await form.locator('input[name=email]').fill(email);
    await form.locator('button').click();
    await expect(page).toHaveURL(/\/sign-in\/code/);
  });
}

/** Asks for a link in the form that is open and follows it, in the same browser. */
export async function signInHere(page: Page, email: string) {
  const mail = await askForLink(page, email);
  expect(mail.secure, 'mail leaves over TLS').toBe(true);
  await page.goto(linkIn(mail));
  await page.locator('form[action="/sign-in/link"] button').click();
  await expect(page).not.toHaveURL(/sign-in/);
}

export async function signIn(page: Page, email: string) {
  await page.goto(`${base()}/sign-in`);
  await signInHere(page, email);
}

/** No serious accessibility violation, nothing wider than the window. */
export async function looksRight(page: Page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(over, `${page.url()} is wider than the window`).toBeLessThanOrEqual(1);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map((one) => `${one.id}: ${one.nodes[0].target}`), page.url()).toEqual([]);
}

/** Issues a voucher by REST, as the sovereign-admin. */
export async function issueVoucher(code: string, credit: string, cap = 0) {
  const answer = await fetch(`${base()}/billing/vouchers/issue`, {
    method: 'POST',
    headers: { authorization: `Bearer ${process.env.E2E_ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ code, credit: { amount: credit, currency: 'OMR' }, max_redemptions: cap }),
  });
  expect(answer.status, await answer.clone().text()).toBeLessThan(300);
}
