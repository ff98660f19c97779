// Every public page in both languages and themes, at the width of a phone and of a desk.
import { expect, test } from '@playwright/test';
import { base, looksRight } from './people';

const pages = ['/', '/plans', '/apps', '/apps/wordpress', '/addons', '/review', '/checkout', '/redeem', '/sign-in', '/nowhere'];

for (const locale of ['en', 'ar']) {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1280]) {
      test(`pages are right in ${locale}, ${colorScheme}, ${width} px`, async ({ browser }) => {
        const context = await browser.newContext({ locale, colorScheme, viewport: { width, height: 900 } });
        const page = await context.newPage();
        const problems: string[] = [];
        page.on('pageerror', (error) => problems.push(String(error)));
        page.on('console', (message) => {
          const expected = message.text().includes('404');
          if (message.type() === 'error' && !expected) problems.push(message.text());
        });
        for (const path of pages) {
          await page.goto(base() + path);
          await expect(page.locator('html')).toHaveAttribute('dir', locale === 'ar' ? 'rtl' : 'ltr');
          await looksRight(page);
        }
        expect(problems).toEqual([]);
        await context.close();
      });
    }
  }
}
