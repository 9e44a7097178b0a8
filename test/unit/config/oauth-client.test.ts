import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { ConfigError, type OAuthClientConfig, readConfig } from '../../../src/config.ts'

const NOWHERE = `${tmpdir()}/there-is-no-such-folder`

function clientOf(url: string, settings: Record<string, string> = {}): OAuthClientConfig {
  const named = Object.entries(settings).map(([name, value]) => [`MAILBOX_A_OAUTH_${name}`, value])
  const env = { MAILBOX_A_URL: url, MAILBOX_A_OAUTH_CLIENT_ID: 'id', ...Object.fromEntries(named) }
  const credentials = readConfig(env, NOWHERE).mailboxes[0]?.credentials
  if (credentials?.kind !== 'oauth') throw new Error('no OAuth client')
  return credentials.client
}

function problemsOf(settings: Record<string, string>) {
  try {
    clientOf('outlook://support@contoso.example', settings)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const MICROSOFT = 'https://login.microsoftonline.com'

describe('an OAuth client', () => {
  test("of an organisation's mailbox asks the tenant that its domain names, and somebody logs in", () => {
    expect(clientOf('outlook://support@contoso.example')).toEqual({
      provider: 'microsoft',
      clientId: 'id',
      clientSecret: null,
      clientSecretExpires: null,
      grant: 'login',
      endpoints: {
        token: `${MICROSOFT}/contoso.example/oauth2/v2.0/token`,
        authorize: `${MICROSOFT}/contoso.example/oauth2/v2.0/authorize`,
        device: `${MICROSOFT}/contoso.example/oauth2/v2.0/devicecode`,
      },
      scopes: {
        mail: 'https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access',
        graph: 'https://graph.microsoft.com/Mail.ReadWrite offline_access',
      },
    })
  })

  test('with a secret is the application itself (RFC 6749 section 4.4)', () => {
    expect(clientOf('outlook://support@contoso.example', { CLIENT_SECRET: 's', TENANT: 'contoso-id' })).toMatchObject({
      grant: 'client-credentials',
      endpoints: { token: `${MICROSOFT}/contoso-id/oauth2/v2.0/token` },
      scopes: {
        mail: 'https://outlook.office365.com/.default',
        graph: 'https://graph.microsoft.com/.default',
      },
    })
  })

  test.each(['outlook.com', 'hotmail.co.uk', 'live.de', 'msn.com'])(
    "of a person's account at %s asks `consumers`, where no application has rights of its own",
    (domain) => {
      expect(clientOf(`outlook://anna@${domain}`, { CLIENT_SECRET: 's' })).toMatchObject({
        grant: 'login',
        endpoints: { token: `${MICROSOFT}/consumers/oauth2/v2.0/token` },
      })
    },
  )

  test('over IMAP asks for the right of IMAP', () => {
    const { scopes } = clientOf('imaps://support%40contoso.example@outlook.office365.com')
    expect(scopes.mail).toContain('https://outlook.office.com/IMAP.AccessAsUser.All')
  })

  test('at Gmail is the same with other endpoints, and logs in although its secret is set', () => {
    expect(clientOf('imaps://anna%40gmail.com@imap.gmail.com', { CLIENT_SECRET: 's' })).toMatchObject({
      provider: 'google',
      grant: 'login',
      endpoints: { token: 'https://oauth2.googleapis.com/token' },
      scopes: { mail: 'https://mail.google.com/' },
    })
  })

  test('of another provider is spelt out', () => {
    const settings = { PROVIDER: 'other', TOKEN_URL: 'https://id.example/token', SCOPE: 'mail' }
    expect(clientOf('imaps://u@h.example', settings)).toMatchObject({
      endpoints: { token: 'https://id.example/token', authorize: null, device: null },
      scopes: { mail: 'mail' },
    })
  })

  test('takes an authority on this machine without TLS', () => {
    const { endpoints } = clientOf('outlook://a@b.example', { AUTHORITY: 'http://127.0.0.1:9000/tenant' })
    expect(endpoints.token).toBe('http://127.0.0.1:9000/tenant/oauth2/v2.0/token')
  })

  test.each([
    [{ AUTHORITY: 'http://login.example.com' }, 'AUTHORITY', 'no URL of an authority'],
    [{ AUTHORITY: 'http://127.0.0.1.evil.example' }, 'AUTHORITY', 'no URL of an authority'],
    [{ AUTHORITY: 'http://localhost.evil.example' }, 'AUTHORITY', 'no URL of an authority'],
    [{ AUTHORITY: 'http://127.0.0.1@evil.example' }, 'AUTHORITY', 'no URL of an authority'],
    [{ AUTHORITY: 'http://[::ffff:8.8.8.8]' }, 'AUTHORITY', 'no URL of an authority'],
    [{ AUTHORITY: 'https://:password@login.example.com' }, 'AUTHORITY', 'no URL of an authority'],
    [{ TENANT: 'a b' }, 'TENANT', 'no tenant'],
    [{ PROVIDER: 'gogle' }, 'PROVIDER', 'not a choice'],
    [{ GRANT: 'client-credentials' }, 'CLIENT_SECRET', 'client credentials need it'],
    [{ PROVIDER: 'other' }, 'TOKEN_URL', 'not set'],
    [{ CLIENT_SECRET: 's', CLIENT_SECRET_EXPIRES: 'May 2027' }, 'CLIENT_SECRET_EXPIRES', 'no date'],
  ])('%j is refused', (settings, suffix, problem) => {
    expect(problemsOf(settings)).toMatchObject([
      { setting: `MAILBOX_A_OAUTH_${suffix}`, problem: expect.stringContaining(problem) },
    ])
  })
})
