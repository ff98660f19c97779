// Links, codes, and what they refuse.
import { expect, test } from '@playwright/test';
import { askForLink, base, codeIn, linkIn, looksRight, signIn, unique } from './people';

test('a link works once, by its button, in the browser that asked', async ({ browser }) => {
  const email = `${unique('link')}@customer.test`;
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${base()}/sign-in`);
  await looksRight(page);
  const mail = await askForLink(page, email);
  await looksRight(page);

  const elsewhere = await (await browser.newContext()).newPage();
  await elsewhere.goto(linkIn(mail));
  // No button: what the mail says works here is its code.
  await expect(elsewhere.locator('.door a.button[href="/sign-in/code"]')).toBeVisible();
  await expect(elsewhere.locator('form[action="/sign-in/link"]')).toHaveCount(0);
  await elsewhere.goto(`${base()}/console`);
  await expect(elsewhere).toHaveURL(/\/sign-in/);

  await page.request.head(linkIn(mail));
  await page.goto(linkIn(mail));
  await looksRight(page);
  await page.reload();
  await page.locator('form[action="/sign-in/link"] button').click();
  await expect(page).toHaveURL(/\/console/);

  await page.goto(linkIn(mail));
  await expect(page.locator('.door a.button[href="/sign-in"]')).toBeVisible();
  await expect(page.locator('form[action="/sign-in/link"]')).toHaveCount(0);
});

test('the code of the same mail works in another browser, and five wrong ones close it', async ({ browser }) => {
  const email = `${unique('code')}@customer.test`;
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${base()}/sign-in`);
  const mail = await askForLink(page, email);
  const code = codeIn(mail);
  const wrong = code === '000000' ? '111111' : '000000';
  const tryCode = async (text: string) => {
    await page.locator('form[action="/sign-in/code"] input[name=code]').fill(text);
    await page.locator('form[action="/sign-in/code"] button').first().click();
  };
  await tryCode(wrong);
  await expect(page.locator('#code-error, .field__error').first()).toBeVisible();
  await tryCode(code);
  await expect(page).toHaveURL(/\/console/);

  const second = `${unique('closed')}@customer.test`;
  await page.context().clearCookies();
  await page.goto(`${base()}/sign-in`);
  const closed = await askForLink(page, second);
  for (let i = 0; i < 5; i++) await tryCode(codeIn(closed) === '000000' ? '111111' : '000000');
  await tryCode(codeIn(closed));
  await page.goto(`${base()}/console`);
  await expect(page).toHaveURL(/\/sign-in/);
});

test('signing out ends the session', async ({ page }) => {
  await signIn(page, `${unique('out')}@customer.test`);
  await page.goto(`${base()}/console`);
  await looksRight(page);
  const cookies = await page.context().cookies();
  await page.evaluate(async () => {
    await fetch('/sign-out', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  });
  await page.context().addCookies(cookies);
  await page.goto(`${base()}/console`);
  await expect(page).toHaveURL(/\/sign-in/);
});
