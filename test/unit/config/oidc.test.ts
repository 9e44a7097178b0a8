import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../../src/config.ts'

const GOOD = {
  CONSOLE_URL: 'https://mailchute.example.com',
  CONSOLE_OIDC_ISSUER: 'https://id.example.com/realms/main',
  CONSOLE_OIDC_CLIENT_ID: 'mailchute',
  CONSOLE_OIDC_OPERATORS: 'Anna@Example.com, bob@example.com',
}

const cwd = mkdtempSync(path.join(process.env['TEST_RUN_FOLDER'] ?? tmpdir(), 'oidc-'))
const read = (more: Record<string, string> = {}) => readConfig({ ...GOOD, ...more }, cwd).oidc

function problemsOf(more: Record<string, string>) {
  try {
    readConfig({ ...GOOD, ...more }, cwd)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

describe('what is set', () => {
  test('is read, with addresses in lower case', () => {
    expect(read()).toEqual({
      issuer: 'https://id.example.com/realms/main',
      clientId: 'mailchute',
      clientSecret: null,
      scope: 'openid profile email',
      consoleUrl: 'https://mailchute.example.com',
      roleClaim: null,
      operators: ['anna@example.com', 'bob@example.com'],
      auditors: [],
    })
  })

  test('values of a claim stay as they are, and may hold blanks', () => {
    const found = read({ CONSOLE_OIDC_ROLE_CLAIM: 'groups', CONSOLE_OIDC_OPERATORS: 'Mail Admins,/staff' })
    expect(found).toMatchObject({ roleClaim: 'groups', operators: ['Mail Admins', '/staff'] })
  })

  test('the secret may come from a file', () => {
    writeFileSync(path.join(cwd, 'secret'), 'shh\n')
    expect(read({ CONSOLE_OIDC_CLIENT_SECRET_FILE: 'secret' })?.clientSecret).toBe('shh')
  })

  test('an address of this machine may be http', () => {
    const here = { CONSOLE_URL: 'http://127.0.0.1:8025/', CONSOLE_OIDC_ISSUER: 'http://localhost:9000' }
    expect(read(here)).toMatchObject({ consoleUrl: 'http://127.0.0.1:8025', issuer: 'http://localhost:9000' })
  })

  test('the address of the console is known without an issuer, and checked', () => {
    const config = readConfig({ CONSOLE_URL: 'https://mailchute.example.com/' }, cwd)
    expect(config).toMatchObject({ oidc: null, consoleUrl: 'https://mailchute.example.com' })
    expect(() => readConfig({ CONSOLE_URL: 'https://mailchute.example.com/console' }, cwd)).toThrow(/CONSOLE_URL/)
  })
})

describe('what is wrong is told at the start', () => {
  test.each([
    ['CONSOLE_OIDC_ISSUER', '', 'not set'],
    ['CONSOLE_OIDC_ISSUER', 'http://id.example.com', 'no URL of an issuer'],
    ['CONSOLE_OIDC_ISSUER', 'https://user:secret@id.example.com', 'no URL of an issuer'],
    ['CONSOLE_OIDC_ISSUER', 'https://id.example.com/#x', 'no URL of an issuer'],
    ['CONSOLE_OIDC_ISSUER', 'https://id.example.com/.well-known/openid-configuration', 'address of its metadata'],
    ['CONSOLE_OIDC_ISSUER', 'https://login.microsoftonline.com/common/v2.0', 'all tenants'],
    ['CONSOLE_OIDC_ISSUER', 'https://login.microsoftonline.com/Organizations/v2.0', 'all tenants'],
    ['CONSOLE_OIDC_ISSUER', 'https://login.microsoftonline.us/consumers/v2.0', 'all tenants'],
    ['CONSOLE_OIDC_CLIENT_ID', '', 'not set'],
    ['CONSOLE_OIDC_SCOPE', 'profile email', 'openid is not in it'],
    ['CONSOLE_URL', '', 'not set'],
    ['CONSOLE_URL', 'http://mailchute.example.com', 'no address of a console'],
    ['CONSOLE_URL', 'https://mailchute.example.com/console', 'no address of a console'],
    ['CONSOLE_OIDC_OPERATORS', '', 'nobody could log in'],
    ['CONSOLE_OIDC_OPERATORS', ',', 'nobody is in it'],
    ['CONSOLE_OIDC_OPERATORS', 'admins', 'not all of it are addresses'],
    ['CONSOLE_OIDC_AUDITORS', '@example.com', 'not all of it are addresses'],
    ['CONSOLE_OIDC_ROLE_CLAIM', 'preferred_username', 'may change hands'],
    ['CONSOLE_OIDC_ROLE_CLAIM', 'two words', 'no name of a claim'],
  ])('%s=%j', (setting, value, problem) => {
    expect(problemsOf({ [setting]: value })).toMatchObject([{ setting, problem: expect.stringContaining(problem) }])
  })
})
