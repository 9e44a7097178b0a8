/** What the tests use of it; its types are another package, with those of Koa. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export class Grant {
    constructor(of: { accountId: string; clientId: string })
    addOIDCScope(scope: string): void
    save(): Promise<string>
  }

  interface Context {
    readonly oidc: { readonly client: { readonly clientId: string }; readonly session: { readonly accountId: string } }
  }

  export interface Options {
    readonly adapter: object
    readonly clients: readonly object[]
    readonly claims: Readonly<Record<string, readonly string[]>>
    readonly conformIdTokenClaims: boolean
    readonly cookies: { readonly keys: readonly string[] }
    readonly jwks: { readonly keys: readonly object[] }
    readonly features: Readonly<Record<string, { readonly enabled: boolean }>>
    readonly interactions: { url(context: Context, interaction: { readonly uid: string }): string }
    readonly ttl: Readonly<Record<string, number>>
    findAccount(context: Context, id: string): { accountId: string; claims(): object }
    loadExistingGrant(context: Context): Promise<Grant>
    renderError(context: { body: string }, out: object): void
  }

  export default class Provider {
    constructor(issuer: string, options: Options)
    readonly Grant: typeof Grant
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>
  }
}

declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  export function createMemoryAdapter(clockTolerance: number): object
}
