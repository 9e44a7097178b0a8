/** Microsoft Graph with tokens of an authority, both over real HTTP, by the built program. */
import { beforeAll, describe, expect, test } from 'vitest'
import { generateMails } from '../../../src/sandbox/generate.ts'
import { deliverMail } from '../../support/graph-account.ts'
import { type GraphServer, startGraph } from '../../support/graph-server.ts'
import { leaksIn, leaksInDatabase } from '../../support/leaks.ts'
import { CLIENT_SECRET, type OAuthServer, startOAuthServer } from '../../support/oauth-server.ts'
import { createDatabase } from '../../support/postgres.ts'
import { buildProgram, run, runJson, type Settings, start } from '../../support/program.ts'

const MAILS = 12
const USER = 'support@contoso.example'
const KEY = Buffer.alloc(32, 7).toString('base64')

beforeAll(buildProgram)

interface World extends AsyncDisposable {
  readonly authority: OAuthServer
  readonly graph: GraphServer
  /** Tokens that Graph takes; each that the authority makes is one of them until it is taken out. */
  readonly good: Set<string>
  readonly settings: Settings
}

async function openWorld(clientSecret: string | null): Promise<World> {
  const good = new Set<string>()
  const accessToken = (user: string) => {
    const token = `eyJ0eXAiOiJKV1QifQ.${Buffer.from(`${user} ${good.size}`).toString('base64url')}.${'s'.repeat(900)}`
    good.add(token)
    return token
  }
  const authority = await startOAuthServer({ accessToken, user: USER })
  authority.manners.clientSecret = clientSecret
  const graph = await startGraph({ admits: (token) => (good.has(token) ? 'yes' : 'invalid') })
  for (const { octets } of generateMails({ count: MAILS, seed: 5, averageBytes: 2000 })) {
    deliverMail(graph.mailbox(USER), octets)
  }
  const settings = {
    DATABASE_URL: await createDatabase(),
    MAILCHUTE_SECRET_KEY: KEY,
    LOG_LEVEL: 'trace',
    MAILBOX_SUPPORT_URL: `graph://${USER}?endpoint=${graph.endpoint}&moveTo=Processed`,
    ...authority.settings('SUPPORT'),
  }
  const close = async () => {
    await authority[Symbol.asyncDispose]()
    await graph[Symbol.asyncDispose]()
  }
  return { authority, graph, good, settings, [Symbol.asyncDispose]: close }
}

async function expectDrained({ authority, graph, settings }: World, printed: string): Promise<void> {
  const ended = await run(['drain', '--json'], settings)
  expect({ code: ended.code, stderr: ended.code === 0 ? '' : ended.stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(ended.stdout.toString())).toMatchObject({
    mailboxes: [{ listed: MAILS, stored: MAILS, deleted: MAILS, error: null }],
    work: { ticketed: MAILS },
  })
  const folders = [...graph.mailbox(USER).items.values()].map(({ folder }) => folder.displayName)
  expect(folders).toEqual(Array(MAILS).fill('Processed'))
  const secrets = [...authority.secrets, KEY]
  expect(leaksIn(printed + ended.stdout.toString() + ended.stderr, secrets)).toEqual([])
  expect(await leaksInDatabase(settings['DATABASE_URL'] ?? '', secrets)).toEqual([])
}

describe('Graph', () => {
  test('takes the token of somebody who has logged in', async () => {
    await using world = await openWorld(null)
    const login = start(['mailbox', 'login', 'support'], world.settings)
    const [, url = ''] = await login.printed(/^ {2}(http\S+)$/m)
    await fetch(await world.authority.browse(url))
    const ended = await login.ended
    expect(ended).toMatchObject({ code: 0 })
    expect(ended.stdout.toString()).toMatch(/12 messages/)
    await expectDrained(world, ended.stdout.toString() + ended.stderr)
  })

  test('takes the token of an application (client credentials)', async () => {
    await using world = await openWorld(CLIENT_SECRET)
    await expectDrained(world, '')
    const asked = world.authority.requests.filter(({ endpoint }) => endpoint === 'token')
    expect(asked.map(({ grantType }) => grantType)).toEqual(['client_credentials'])
    expect(asked[0]?.form.get('scope')).toBe('https://graph.microsoft.com/.default')
  })

  test('that refuses a kept token before its time is asked once more with a new one', async () => {
    await using world = await openWorld(CLIENT_SECRET)
    await runJson(['drain', '--json'], {
      ...world.settings,
      MAILBOX_SUPPORT_URL: `graph://${USER}?endpoint=${world.graph.endpoint}&deleteAfter=never`,
    })
    world.good.clear()
    expect(await runJson(['drain', '--json'], world.settings)).toMatchObject([
      { mailboxes: [{ listed: MAILS, known: MAILS, retrieved: 0, deleted: MAILS, error: null }] },
    ])
  })
})
