import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launch, type Visit, visit } from '../support/browser.ts'
import { OPERATOR_TOKEN, type ServedConsole, serveConsole } from '../support/console.ts'
import { hostileMails, VECTORS } from '../support/hostile-mails.ts'

let console: ServedConsole
let browser: Browser
let operator: Visit

beforeAll(async () => {
  ;[console, browser] = await Promise.all([serveConsole(hostileMails()), launch()])
  operator = await visit(browser, console.at, { token: OPERATOR_TOKEN })
}, 300_000)

afterAll(async () => {
  await browser?.close()
  await console?.[Symbol.asyncDispose]()
})

describe('mail that would be a program', () => {
  test('stays text on every list: nothing runs, nothing is refused by the policy, nothing is fetched', async () => {
    const { page, at, alarms } = operator
    for (const address of [
      '/',
      '/messages',
      '/messages?subject=hostile0',
      '/tickets',
      '/quarantine',
      '/polls',
      '/outbox',
    ]) {
      await page.goto(at + address)
      await page.evaluate('window.dispatchEvent(new Event("resize"))')
    }
    expect(alarms).toEqual([])
    expect(await page.locator('script:not([src])').count()).toBe(0)
  })

  test.each(VECTORS.map((vector, index) => [index, vector] as const))('%i: %s', async (index, vector) => {
    const { page, at, alarms } = operator
    const [found] = await console.store.browse.messages({ subject: `hostile${index}` }, null, 1)
    const message = `${at}/messages/${found?.id}`
    for (const address of [message, `${message}/source`, `${at}/tickets/${found?.ticket}`]) {
      await page.goto(address)
      expect(await page.locator('h1').textContent()).toContain(vector)
      expect(await page.locator('main script, main [onerror], main [onload], main [onclick]').count()).toBe(0)
    }
    await page.goto(message)
    const mail = page.frameLocator('iframe.mail')
    await mail.getByText('hostile-canary').click()
    expect(await mail.locator('body').textContent()).toContain('not loaded')
    expect(
      await mail.locator('script, form, iframe, object, base, [onerror], [onclick], [href^=javascript]').count(),
    ).toBe(0)
    // The same without the frame around it, as somebody opens it who was sent its address.
    await page.goto(`${message}/mail`)
    await page.getByText('hostile-canary').click()
    expect(await page.evaluate('document.querySelectorAll("script, [onclick]").length')).toBe(0)
    expect(alarms).toEqual([])
  })

  test('is not shown in the browser where it is a file', async () => {
    const { page, at } = operator
    const [found] = await console.store.browse.messages({ subject: 'hostile0' }, null, 1)
    for (const position of [0, 1]) {
      const answer = await page.request.get(`${at}/messages/${found?.id}/parts/${position}`)
      const { 'content-type': type, 'content-disposition': disposition, ...headers } = answer.headers()
      expect([answer.status(), type, disposition]).toEqual([
        200,
        'application/octet-stream',
        expect.stringMatching(/^attachment; filename="[\x20-\x7e]+"; filename\*=UTF-8''[\w%.~!#$&+^`|-]+$/),
      ])
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      })
    }
  })
})
