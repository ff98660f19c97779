// The admin console: who sees what, vouchers, and both languages.
import { expect, test } from '@playwright/test';
import { base, issueVoucher, looksRight, signIn, unique } from './people';

test('a sovereign-admin sees Billing only, and a superadmin all', async ({ browser }) => {
  const sovereign = await (await browser.newContext()).newPage();
  await signIn(sovereign, 'sovereign-billing@catalyst.test');
  await expect(sovereign).toHaveURL(/\/admin\/billing/);
  for (const page of ['revenue', 'catalog', 'tenants', 'orders']) {
    await expect(sovereign.locator(`a[href="/admin/${page}"]`)).toHaveCount(0);
    const answer = await sovereign.goto(`${base()}/admin/${page}`);
    expect(answer!.status(), page).toBe(403);
  }

  const superadmin = await (await browser.newContext()).newPage();
  await signIn(superadmin, 'super-roles@catalyst.test');
  for (const page of ['revenue', 'catalog', 'tenants', 'orders', 'billing']) {
    const answer = await superadmin.goto(`${base()}/admin/${page}`);
    expect(answer!.status(), page).toBe(200);
    await looksRight(superadmin);
  }
  const customer = await (await browser.newContext()).newPage();
  await signIn(customer, `${unique('nosy')}@customer.test`);
  expect((await customer.goto(`${base()}/admin/billing`))!.status()).toBe(403);
});

test('a bad voucher is refused with words and a good one can be revoked', async ({ browser }) => {
  const context = await browser.newContext({ locale: 'ar' });
  const page = await context.newPage();
  await signIn(page, 'sovereign-arabic@catalyst.test');
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  await looksRight(page);
  const form = page.locator('form[action="/do/vouchers/issue"]');
  const code = unique('BAD').toUpperCase();
  await form.locator('[name=code]').fill(code);
  await form.locator('[name=credit]').fill('12.3456');
  await form.locator('button.button--primary').click();
  await expect(page.locator('.field__error').first()).toBeVisible();
  await expect(form.locator('[name=code]')).toHaveValue(code);
  await looksRight(page);

  await issueVoucher(code, '10.000');
  await page.goto(`${base()}/admin/billing?revoke=${code}`);
  await looksRight(page);
  await page.locator('form[action="/do/vouchers/revoke"] button').last().click();
  await page.goto(`${base()}/redeem?code=${code}`);
  await expect(page.locator('form[action="/do/cart/voucher"]')).toHaveCount(0);
});
