// The job the product exists for: a voucher becomes an Organization whose Applications are in Git.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { base, looksRight, signIn, signInHere, unique } from './people';

const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'js' : 'nojs';
  test.describe(`${javaScriptEnabled ? 'with' : 'without'} JavaScript`, () => {
    test.use({ javaScriptEnabled });
    const check = async (page: import('@playwright/test').Page) => {
      if (javaScriptEnabled) await looksRight(page);
    };

    test('a voucher is issued, sent, redeemed, and becomes an Organization in Git', async ({ browser }) => {
      const code = unique('GIFT').toUpperCase();
      const slug = unique('pharmacy-');
      const admin = await (await browser.newContext({ javaScriptEnabled })).newPage();
      await signIn(admin, `sovereign-${how}@catalyst.test`);
      await expect(admin).toHaveURL(/\/admin\/billing/);
      await check(admin);
      const issue = admin.locator('form[action="/do/vouchers/issue"]');
      await issue.locator('[name=code]').fill(code.toLowerCase());
      await issue.locator('[name=credit]').fill('50.000');
      await issue.locator('[name=max_redemptions]').fill('1');
      await issue.locator('button.button--primary').click();
      await expect(admin.getByText(code).first()).toBeVisible();
      await check(admin);

      const page = await (await browser.newContext({ javaScriptEnabled })).newPage();
      await page.goto(`${base()}/redeem?code=${code.toLowerCase()}`);
      await expect(page.getByText('50.000').first()).toBeVisible();
      await check(page);
      await page.locator('form[action="/do/cart/voucher"] button').first().click();

      await expect(page).toHaveURL(/\/plans/);
      await check(page);
      await page.locator('label[for="plan-m"]').first().click();
      await page.locator('form[action="/do/cart/plan"] button.button--primary').click();

      await expect(page).toHaveURL(/\/apps/);
      await check(page);
      for (const app of ['wordpress', 'vaultwarden']) {
        const form = page.locator('form[action="/do/cart/apps/add"]', { has: page.locator(`[value="${app}"]`) });
        await form.locator('button').click();
        await expect(page.locator('form[action="/do/cart/apps/remove"]', { has: page.locator(`[value="${app}"]`) })).toBeVisible();
      }
      await page.locator('.summary-bar a.button--primary').click();

      await expect(page).toHaveURL(/\/addons/);
      await check(page);
      await page.locator('#organization_name').fill('Al Noor Pharmacy');
      await page.locator('#organization_slug').fill(slug);
      await page.locator('.choice', { has: page.locator('input[value="daily-backup"]') }).click();
      await page.locator('.split__aside button.button--primary').click();

      await expect(page).toHaveURL(/\/review/);
      await expect(page.getByText('12.000').first()).toBeVisible();
      await check(page);
      await page.locator('a.button--primary[href="/checkout"]').first().click();

      await expect(page).toHaveURL(/\/checkout/);
      await check(page);
      await signInHere(page, `${slug}@customer.test`);
      await expect(page).toHaveURL(/\/checkout/);
      await expect(page.getByText(code).first()).toBeVisible();
      await check(page);
      await page.locator('form#place button').click();

      await expect(page).toHaveURL(/\/orders\//);
      await check(page);
      await page.goto(`${base()}/console`);
      await expect(page.getByText('38.000').first()).toBeVisible();
      await expect(page.locator('.application')).toHaveCount(2);
      await expect(page.locator('.application [data-state=done]')).toHaveCount(2, { timeout: 30_000 });
      await expect(page.locator('[data-state=active]').first()).toBeVisible();
      await check(page);

      for (const app of ['wordpress', 'vaultwarden']) {
        const repository = path.join(process.env.E2E_GIT!, slug, `${app}.git`);
        const branches = git('-C', repository, 'for-each-ref', '--format=%(refname:short)', 'refs/heads').split('\n');
        expect(branches.sort()).toEqual(['develop', 'main', 'staging']);
        expect(git('-C', repository, 'show', 'main:app.yaml')).toContain(`bp-${app}`);
      }

      await admin.goto(`${base()}/admin/billing`);
      await expect(admin.getByText(`${slug}@customer.test`)).toBeVisible();
      await check(admin);

      const late = await (await browser.newContext({ javaScriptEnabled })).newPage();
      await late.goto(`${base()}/redeem?code=${code}`);
      await expect(late.locator('form[action="/do/cart/voucher"]')).toHaveCount(0);
      await check(late);
    });

    test('what is wrong is said beside its field, and nothing typed is lost', async ({ page }) => {
      await page.goto(`${base()}/addons`);
      await page.locator('#organization_name').fill('Console Company');
      await page.locator('#organization_slug').fill('console');
      await page.locator('.split__aside button.button--primary').click();
      await expect(page.locator('#organization_slug-error')).toContainText('reserved');
      await expect(page.locator('#organization_name')).toHaveValue('Console Company');
      await check(page);
    });
  });
}

test('the address follows the name until it is typed, and what was typed is kept', async ({ page }) => {
  await page.goto(`${base()}/addons`);
  const [name, address] = [page.locator('#organization_name'), page.locator('#organization_slug')];
  const standing = page.locator('#organization_slug-error');
  const word = unique('bakery');
  await expect(async () => {
    await name.fill(`The ${word}`);
    await expect(address).toHaveValue(`the-${word}`, { timeout: 2_000 });
  }).toPass();
  await expect(standing).toContainText('Free');
  await expect(name).toBeFocused();
  await address.fill('admin');
  await expect(standing).toContainText('reserved');
  await expect(address).toHaveAttribute('aria-invalid', 'true');
  await name.fill('Another name');
  await page.waitForResponse(/organization_name=Another/);
  await expect(address).toHaveValue('admin');
  await address.fill('');
  await expect(page.locator('.address__host')).toContainText('another-name');
  await expect(address).not.toHaveAttribute('aria-invalid', 'true');
});
