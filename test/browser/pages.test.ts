import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleMails } from '../../src/sandbox/mails/sample-mails.ts'
import { launch, overflowOf, type Visit, type VisitOptions, violationsOf, visit } from '../support/browser.ts'
import { AUDITOR_TOKEN, OPERATOR_TOKEN, type ServedConsole, serveConsole } from '../support/console.ts'
import { freePort } from '../support/free-port.ts'
import { mail } from '../support/mails.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../support/openid-provider.ts'

const HELD = ['one', 'two', 'three', 'four', 'five']
const named = (subject: string, id: string): Buffer =>
  Buffer.from(mail({ id }).toString().replace(`Subject: About ${id}`, `Subject: ${subject}`))
const MAILS = [
  ...sampleMails().map(({ octets }) => octets),
  ...HELD.map((id) => named(`Hold it, ${id}`, id)),
  named('Drop this advertisement', 'dropped'),
]

let console: ServedConsole
let provider: OpenIdProvider
let browser: Browser
let operator: Visit
let shots: string

beforeAll(async () => {
  const port = await freePort()
  provider = await startOpenIdProvider({ consoleUrl: `http://127.0.0.1:${port}` })
  const settings = { ...provider.settings, HTTP_PORT: String(port) }
  ;[console, browser] = await Promise.all([serveConsole(MAILS, settings), launch()])
  shots = process.env['SCREENSHOTS'] ?? (await mkdtemp(path.join(process.env['TEST_RUN_FOLDER'] ?? tmpdir(), 'shots-')))
  operator = await visit(browser, console.at, { token: OPERATOR_TOKEN, viewport: { width: 1280, height: 900 } })
}, 300_000)

afterAll(async () => {
  await browser?.close()
  await console?.[Symbol.asyncDispose]()
  await provider?.[Symbol.asyncDispose]()
})

async function visiting(options: Partial<VisitOptions>, look: (visit: Visit) => Promise<void>): Promise<void> {
  const guest = await visit(browser, console.at, { token: OPERATOR_TOKEN, ...options })
  try {
    await look(guest)
  } finally {
    await guest.dispose()
  }
}

/** The address of the newest message with these words in its subject. */
async function messageNamed(subject: string): Promise<string> {
  const [found] = await console.store.browse.messages({ subject }, null, 1)
  if (found === undefined) throw new Error(`there is no message ${subject}`)
  return `/messages/${found.id}`
}

const ticketOf = async (subject: string): Promise<number> => {
  const [found] = await console.store.browse.messages({ subject }, null, 1)
  return found?.ticket ?? 0
}

async function allPages(): Promise<Record<string, string>> {
  const [inline, suppressed] = await Promise.all([messageNamed('Wrong colours'), messageNamed('Drop this')])
  return {
    ...{ overview: '/', messages: '/messages', tickets: '/tickets', quarantine: '/quarantine', polls: '/polls' },
    ...{ outbox: '/outbox', reasons: '/reasons', nothing: '/messages?subject=nosuchword', missing: '/tickets/999999' },
    ...{
      ticket: `/tickets/${await ticketOf('Cannot log in')}`,
      message: inline,
      suppressed,
      source: `${inline}/source`,
    },
  }
}

describe('every page', () => {
  const looks = [
    { name: 'light', options: { colorScheme: 'light', viewport: { width: 1280, height: 900 } } },
    { name: 'dark', options: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } } },
    { name: 'phone', options: { colorScheme: 'light', viewport: { width: 375, height: 740 }, isMobile: true } },
  ] as const

  test.each(looks)('has no fault that axe-core knows, fits its window and stays on its origin: $name', async (look) => {
    await visiting(look.options, async ({ page, at, alarms }) => {
      for (const [name, address] of Object.entries(await allPages())) {
        await page.goto(at + address)
        await page.screenshot({ path: path.join(shots, `${look.name}-${name}.png`) })
        expect([name, await violationsOf(page)]).toEqual([name, []])
        expect([name, await overflowOf(page)]).toEqual([name, 0])
      }
      expect(alarms).toEqual([])
    })
  })

  test('works by keyboard: the skip link comes first and leads to the content, and focus is seen', async () => {
    const { page, at } = operator
    await page.goto(`${at}/messages`)
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').textContent()).toBe('Skip to content')
    expect((await page.locator(':focus').boundingBox())?.x).toBeGreaterThanOrEqual(0)
    await page.keyboard.press('Enter')
    expect(await page.locator(':focus').getAttribute('id')).toBe('content')
    await page.keyboard.press('Tab')
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')
    expect([await page.locator(':focus').getAttribute('name'), outline]).toEqual(['address', 'solid'])
  })

  test('is readable without its script', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(`${console.at}/login?next=/messages`)
    await page.getByLabel('Token').fill(AUDITOR_TOKEN)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.waitForURL(`${console.at}/messages`)
    expect(await page.locator('tbody tr').count()).toBe(50)
    await context.close()
  })
})

describe('the login', () => {
  test('refuses a wrong token, takes the right one back to where somebody wanted to go, and ends', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${console.at}/messages?state=suppressed`)
    await page.getByLabel('Token').fill('not-the-token')
    await page.getByRole('button', { name: 'Log in' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('not the one')
    await page.getByLabel('Token').fill(AUDITOR_TOKEN)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.waitForURL(`${console.at}/messages?state=suppressed`)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.waitForURL(`${console.at}/login`)
    await page.goto(`${console.at}/tickets`)
    expect(page.url()).toContain('/login?next=')
    await context.close()
  })
})

describe('messages', () => {
  const SEARCHES = [
    ['From', 'aisha@lagosprint.example'],
    ['From', '@lagosprint.example'],
    ['Subject', 'colours preview'],
    ['Message-ID', 'inline-1@lagosprint.example'],
  ] as const
  test.each(SEARCHES)('are found by %s: %s', async (field, value) => {
    const { page, at } = operator
    await page.goto(`${at}/messages`)
    await page.getByLabel(field, { exact: true }).fill(value)
    await page.getByRole('button', { name: 'Search' }).click()
    expect(await page.locator('tbody tr').count()).toBe(1)
    expect(await page.locator('tbody tr').textContent()).toContain('Wrong colours')
  })

  test('are found by state, reason, mailbox and day', async () => {
    const { page, at } = operator
    const today = new Date().toISOString().slice(0, 10)
    await page.goto(`${at}/messages`)
    await page.getByLabel('State').selectOption('suppressed')
    await page.getByLabel('Reason').fill('rule/')
    await page.getByLabel('Mailbox').selectOption('test')
    await page.getByLabel('Since').fill(today)
    await page.getByRole('button', { name: 'Search' }).click()
    expect(await page.locator('tbody tr').allTextContents()).toEqual([expect.stringContaining('Drop this')])
    await page.getByLabel('Until').fill('2020-01-01')
    await page.getByRole('button', { name: 'Search' }).click()
    expect(await page.locator('main').textContent()).toContain('No message fits all of this.')
  })

  test('come in pages, older ones after newer ones, each once', async () => {
    const { page, at } = operator
    await page.goto(`${at}/messages`)
    const links = () =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('tbody a[href^="/messages/"]')].map((link) => link.pathname)`,
      )
    const first = await links()
    await page.getByRole('link', { name: 'Older' }).click()
    await page.waitForURL(/before=/)
    const all = [...first, ...(await links())]
    expect(new Set(all).size).toBe(MAILS.length)
  })
})

describe('a message', () => {
  test('is shown with its way from the first listing to the ticket, and each reason in words', async () => {
    const { page, at } = operator
    await page.goto(at + (await messageNamed('Wrong colours')))
    const steps = await page.locator('ol.timeline strong').allTextContents()
    expect(steps).toEqual(expect.arrayContaining(['A server listed it for the first time', 'It was put on a ticket']))
    await page.locator('ol.timeline a.reason', { hasText: 'thread/none' }).click()
    await page.waitForURL(`${at}/reasons#thread/none`)
    expect(await page.locator('dt:target + dd').textContent()).toBe('Nothing names a ticket: a new one')
  })

  test('is shown as mail, with the image that it brings, and downloads its attachments', async () => {
    const { page, at, alarms } = operator
    await page.goto(at + (await messageNamed('Wrong colours')))
    const frame = page.frameLocator('iframe.mail')
    expect(await frame.locator('body').textContent()).toContain('The preview shows these colours')
    const mailFrame = page.frame({ url: /\/mail$/ })
    await expect.poll(() => mailFrame?.evaluate<number>('document.images[0].naturalWidth')).toBe(16)
    await page.goto(at + (await messageNamed('Fråga om leverans')))
    expect(await page.frameLocator('iframe.mail').locator('body').textContent()).toContain(
      '1 image from outside was not loaded',
    )
    expect(alarms).toEqual([])
  })

  test('of which there is no ticket is read from its octets, and says which rule decided', async () => {
    const { page, at } = operator
    await page.goto(at + (await messageNamed('Drop this')))
    expect(await page.frameLocator('iframe.mail').locator('pre').textContent()).toContain('Hello, this is dropped.')
    expect(await page.locator('ol.timeline').textContent()).toContain('no-ticket')
    expect(await page.getByLabel('Header').textContent()).toContain('carla@example.com')
  })

  test('has its source, with the names of its fields', async () => {
    const { page, at } = operator
    await page.goto(at + (await messageNamed('Wrong colours')))
    await page.getByRole('link', { name: 'Source' }).click()
    expect(await page.locator('pre.raw b').allTextContents()).toEqual(expect.arrayContaining(['From:', 'Subject:']))
  })
})

describe('a ticket', () => {
  test('shows what each wrote, the rest folded, and leads to the mail', async () => {
    const { page, at } = operator
    await page.goto(`${at}/tickets`)
    await page.goto(`${at}/tickets/${await ticketOf('Cannot log in')}`)
    expect(await page.locator('article.entry').first().textContent()).toContain('Session expired')
    expect(await page.locator('main').textContent()).toContain('acknowledgement to')
    await page.locator('article.entry a', { hasText: 'The mail' }).first().click()
    await page.waitForURL(/\/messages\//)
  })
})

describe('what operators do', () => {
  test('many messages of the quarantine are let go at once, with a note, and it is an event with its actor', async () => {
    const { page, at } = operator
    await page.goto(`${at}/quarantine`)
    for (const id of HELD.slice(0, 3)) await page.getByLabel(`Choose Hold it, ${id}`).check()
    await page.getByLabel('Note').fill('asked Carla')
    await page.getByRole('button', { name: 'Release' }).click()
    expect(await page.getByRole('status').textContent()).toBe('3 messages are let through, and wait for work.')
    await console.worked(MAILS.length + 3)
    await page.goto(at + (await messageNamed('Hold it one')))
    const way = await page.locator('ol.timeline').textContent()
    for (const told of ['operator/reprocess', 'token:operator', 'asked Carla']) expect(way).toContain(told)
    expect(await page.locator('.about .tag').first().textContent()).toBe('ticketed')
  })

  test('one message is put aside on its page, and taken up again', async () => {
    const { page, at } = operator
    await page.goto(at + (await messageNamed('Hold it four')))
    await page.getByRole('button', { name: 'No ticket' }).click()
    expect(await page.locator('.about .tag').first().textContent()).toBe('suppressed')
    const before = MAILS.length + 3
    await page.getByRole('button', { name: 'Release' }).click()
    await console.worked(before + 1)
    await page.reload()
    expect(await page.locator('.about .tag').first().textContent()).toBe('ticketed')
  })

  test('a mailbox is paused, resumed and polled, and new mail appears on an open page by itself', async () => {
    const { page, at } = operator
    await visiting({ token: AUDITOR_TOKEN }, async ({ page: open }) => {
      await open.goto(`${at}/messages`)
      await page.goto(at)
      await page.getByRole('button', { name: 'Pause: test' }).click()
      expect(await page.locator('tr[data-key=test] .tag').first().textContent()).toBe('paused')
      console.mailbox.deliver(named('News of the hour', 'news'))
      await page.getByRole('button', { name: 'Resume: test' }).click()
      await open.getByText('News of the hour').waitFor({ timeout: 100_000 })
      await page.getByRole('button', { name: 'Poll now: test' }).click()
      expect(await page.getByRole('status').textContent()).toBe('A poll was asked for.')
    })
  })

  test('is nothing that an auditor sees', async () => {
    await visiting({ token: AUDITOR_TOKEN }, async ({ page, at }) => {
      for (const address of ['/', '/quarantine', await messageNamed('Hold it five')]) {
        await page.goto(at + address)
        expect(await page.getByRole('button').allTextContents()).toEqual(
          address === '/quarantine' ? ['Log out', 'Search'] : ['Log out'],
        )
      }
    })
  })
})

describe('a login at an issuer', () => {
  /** The issuer is another site (`localhost`) than the console, as it is everywhere. */
  async function signedIn(account: string, options: BrowserContextOptions, look: (page: Page) => Promise<void>) {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const refused: string[] = []
    page.on('console', (message) => {
      if (/content security policy|refused to/i.test(message.text())) refused.push(message.text())
    })
    await page.goto(console.at + (await messageNamed('Hold it five')))
    await page.getByRole('link', { name: `Sign in with ${new URL(provider.issuer).host}` }).click()
    await page.getByRole('button', { name: account }).click()
    await look(page)
    expect(refused).toEqual([])
    await context.close()
  }

  test('leads back to where somebody wanted to go, and what he does bears his name', async () => {
    const at = await messageNamed('Hold it five')
    await signedIn('anna', {}, async (page) => {
      await page.waitForURL(console.at + at)
      expect(await page.locator('header .who').textContent()).toMatch(/anna@example\.com · operator/)
      await page.screenshot({ path: path.join(shots, 'signed-in.png') })
      await page.getByRole('button', { name: 'No ticket' }).click()
      const way = await page.locator('ol.timeline').textContent()
      for (const told of ['operator/suppress', 'oidc:anna@example.com']) expect(way).toContain(told)
    })
  })

  test('shows an auditor everything and lets him do nothing, on a phone and without scripts, too', async () => {
    const phone = { viewport: { width: 375, height: 740 }, isMobile: true, javaScriptEnabled: false }
    await signedIn('bob', phone, async (page) => {
      await page.waitForURL(/\/messages\//)
      expect(await page.locator('header .who').textContent()).toMatch(/bob@example\.com · auditor/)
      expect(await page.getByRole('button').allTextContents()).toEqual(['Log out'])
    })
  })

  test('ends on a clear page for whom nobody has let in', async () => {
    await signedIn('carl', {}, async (page) => {
      const told = await page.getByRole('alert').textContent()
      for (const words of ['vouches for no e-mail address', 'oidc:sub:carl']) expect(told).toContain(words)
      await page.screenshot({ path: path.join(shots, 'no-role.png') })
      expect(await violationsOf(page)).toEqual([])
      await page.goto(console.at)
      expect(page.url()).toContain('/login?next=')
    })
  })

  test.each(['light', 'dark'] as const)(
    'begins on a page without a fault that axe-core knows: %s',
    async (colorScheme) => {
      const context = await browser.newContext({ colorScheme })
      const page = await context.newPage()
      await page.goto(`${console.at}/login`)
      await page.screenshot({ path: path.join(shots, `${colorScheme}-login.png`) })
      expect(await violationsOf(page)).toEqual([])
      await context.close()
    },
  )
})
