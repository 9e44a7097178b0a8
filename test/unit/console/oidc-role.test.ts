import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OidcConfig } from '../../../src/config/oidc.ts'
import { actorOfClaims, type Claims } from '../../../src/console/access/oidc/role.ts'
import { MailchuteError } from '../../../src/errors.ts'

const CONFIG: OidcConfig = {
  ...{ issuer: 'https://id.example.com', clientId: 'mailchute', clientSecret: null, scope: 'openid' },
  ...{ consoleUrl: 'https://mailchute.example.com', roleClaim: null },
  ...{ operators: ['anna@example.com', 'both@example.com'], auditors: ['bob@example.com', 'both@example.com'] },
}
const BY = { ...CONFIG, operators: ['ops', 'Mail Admins'], auditors: ['audit'] }

function refusalOf(config: OidcConfig, claims: Claims): MailchuteError {
  try {
    return expect.fail(`let in as ${actorOfClaims(config, claims).role}`)
  } catch (error) {
    if (error instanceof MailchuteError) return error
    throw error
  }
}

describe('an e-mail address', () => {
  test.each([
    ['ANNA@Example.com', 'operator', 'oidc:anna@example.com'],
    ['both@example.com', 'operator', 'oidc:both@example.com'],
    ['bob@example.com', 'auditor', 'oidc:bob@example.com'],
  ])('%s that is verified makes a(n) %s', (email, role, name) => {
    expect(actorOfClaims(CONFIG, { sub: '1', email, email_verified: true })).toEqual({ role, name })
  })

  test('with letters that only look like those of another one is another one', () => {
    // The sign for Kelvin has the lower case k, as far as Unicode goes.
    const config = { ...CONFIG, operators: ['kate@example.com'] }
    expect(refusalOf(config, { sub: '1', email: '\u212aate@example.com', email_verified: true }).code).toBe(
      'oidc/no-role',
    )
  })

  test('that nobody vouches for is told of, with the way out for Entra ID', () => {
    const { context, hint } = refusalOf(CONFIG, {
      sub: 'x1',
      email: 'anna@example.com',
      preferred_username: 'anna@corp',
    })
    expect([context, hint]).toEqual([
      { actor: 'oidc:sub:x1 (anna@corp)' },
      expect.stringContaining('CONSOLE_OIDC_ROLE_CLAIM'),
    ])
  })
})

describe('a claim', () => {
  test.each<[string, object]>([
    ['roles', { roles: ['other', 'ops'] }],
    ['roles', { roles: 'ops' }],
    ['groups', { groups: ['Mail Admins'] }],
    ['realm_access.roles', { realm_access: { roles: ['ops'] } }],
    ['https://example.com/roles', { 'https://example.com/roles': ['ops'] }],
    ['sub', { sub: 'ops' }],
  ])('%s of %j makes an operator', (roleClaim, claims) => {
    expect(actorOfClaims({ ...BY, roleClaim }, { sub: '1', ...claims }).role).toBe('operator')
  })

  test.each<[string, object]>([
    ['roles', { roles: ['OPS', 'ops ', 'ops,audit'] }],
    ['roles', { roles: 'other ops' }],
    ['roles', { roles: [['ops']] }],
    ['roles', { roles: { ops: true } }],
    ['roles', { roles: true }],
    ['roles', { roles: null }],
    ['roles', {}],
    ['realm_access.roles', { realm_access: ['ops'] }],
    ['realm_access.roles', { realm_access: null }],
    ['constructor.name', {}],
    ['roles.length', { roles: 'ops' }],
  ])('%s of %j makes nobody', (roleClaim, claims) => {
    expect(refusalOf({ ...BY, roleClaim }, { sub: '1', ...claims }).code).toBe('oidc/no-role')
  })

  test('that does not fit a token of Entra ID is told of as that', () => {
    const claims = { sub: '1', _claim_names: { groups: 'src1' }, _claim_sources: { src1: {} } }
    expect(refusalOf({ ...BY, roleClaim: 'groups' }, claims).hint).toContain('more groups than a token holds')
  })
})

describe('the name in events', () => {
  test('is a verified address, or the subject, which no other name can pass for', () => {
    const named = (claims: object) =>
      actorOfClaims({ ...BY, roleClaim: 'roles' }, { sub: 's1', roles: 'ops', ...claims }).name
    expect(named({ email: 'Anna@example.com', email_verified: true })).toBe('oidc:anna@example.com')
    expect(named({ email: 'anna@example.com' })).toBe('oidc:sub:s1 (anna@example.com)')
    expect(named({ preferred_username: 'x) (boss' })).toBe('oidc:sub:s1')
    expect(named({ preferred_username: 'a\u202eb' })).toBe('oidc:sub:s1')
    expect(named({ preferred_username: ['boss'] })).toBe('oidc:sub:s1')
  })

  test('whatever the claims are, there is an actor or a refusal', () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (roleClaim, claims) => {
        const config = { ...BY, roleClaim }
        expect(refusalOf(config, { ...claims, sub: '1' }).code).toBe('oidc/no-role')
      }),
    )
  })
})
