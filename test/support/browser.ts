/** A real Chromium that looks at the console, and notes whatever a hostile page would try. */
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ARGS })

export interface Visit {
  readonly page: Page
  readonly at: string
  /** Scripts of others that ran, requests that left the console, and what its policy refused. */
  readonly alarms: readonly string[]
  readonly dispose: () => Promise<void>
}

export interface VisitOptions extends BrowserContextOptions {
  readonly token: string
}

/** Logged in. */
export async function visit(browser: Browser, at: string, { token, ...options }: VisitOptions): Promise<Visit> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const alarms: string[] = []
  page.on('dialog', (dialog) => {
    alarms.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) alarms.push(message.text())
  })
  page.on('pageerror', (error) => alarms.push(`error: ${error.message}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(`${at}/`) && !request.url().startsWith('data:')) alarms.push(`left: ${request.url()}`)
  })
  await page.goto(`${at}/login`)
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL(`${at}/`)
  return { page, at, alarms, dispose: () => context.close() }
}

/** What axe-core finds against WCAG 2.2 A and AA, in short. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return await page.evaluate<
    string[]
  >(`axe.run(document, { iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html.slice(0, 200) + ' ' + failureSummary)))`)
}

/** A page that is wider than its window scrolls sideways. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')
