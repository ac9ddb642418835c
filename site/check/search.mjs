import { waitUntilMounted, withPage } from './browser.mjs';

const QUERY = 'shuffle';
const EXPECTED = 'Datasets';

/** Searches as a reader does. */
export async function checkSearch(browser, origin) {
  let results = 0;
  const problems = await withPage(browser, { origin, path: '/' }, async (page) => {
    await waitUntilMounted(page);
    await page.keyboard.press('/');
    await page.locator('#localsearch-input').fill(QUERY);
    const result = page.locator('.VPLocalSearchBox .result');
    await result.first().waitFor();
    const titles = await result.allInnerTexts();
    results = titles.length;
    return titles.some((title) => title.includes(EXPECTED)) ? [] : [`"${QUERY}" finds no ${EXPECTED}`];
  });
  return { did: `${results} results of "${QUERY}"`, problems };
}
