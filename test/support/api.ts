/** A program that speaks to the API, and holds every answer against the published document. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { expect } from 'vitest'
import type { Console } from '../../src/console/server.ts'

export const OPERATOR_TOKEN = 'operator-token'
export const AUDITOR_TOKEN = 'auditor-token'

export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
  readonly text: string
}

export interface ApiClient {
  call(method: string, path: string, options?: { body?: unknown; token?: string | null }): Promise<ApiAnswer>
  readonly document: Document
  /** operationIds of which a good answer was seen. */
  readonly seen: ReadonlySet<string>
}

interface Operation {
  readonly operationId: string
  readonly responses: Record<string, { $ref?: string; content?: Record<string, object> }>
}

export interface Document {
  readonly paths: Record<string, Record<string, Operation>>
}

export async function openApiClient({ port }: Pick<Console, 'port'>): Promise<ApiClient> {
  const at = `http://127.0.0.1:${port}`
  const ask = (path: string, method = 'GET', token: string | null = OPERATOR_TOKEN, body?: unknown) =>
    fetch(`${at}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const document = (await (await ask('/api/openapi.json')).json()) as Document
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, 'document')
  const seen = new Set<string>()

  const assertAsDescribed = (operation: Operation, pointer: string, status: number, type: string, body: unknown) => {
    const response = operation.responses[status]
    expect(response, `${operation.operationId} says nothing of ${status}`).toBeDefined()
    const place = response?.$ref ?? `#${pointer}/responses/${status}`
    const media = type.split(';')[0] ?? ''
    const content = response?.$ref === undefined ? response?.content : { 'application/problem+json': {} }
    expect(Object.keys(content ?? {})).toEqual([media])
    if (!media.endsWith('json')) return
    const validate = ajv.compile({ $ref: `document${place}/content/${media.replace('/', '~1')}/schema` })
    expect(validate(body), JSON.stringify(validate.errors)).toBe(true)
  }

  return {
    document,
    seen,
    call: async (method, path, { body, token = OPERATOR_TOKEN } = {}) => {
      const response = await ask(`/api/v1${path}`, method, token, body)
      const text = await response.text()
      const type = response.headers.get('content-type') ?? ''
      const parsed = type.includes('json') ? (JSON.parse(text) as Record<string, unknown>) : {}
      const found = operationOf(document, method, path)
      if (found !== null) {
        assertAsDescribed(found.operation, found.pointer, response.status, type, parsed)
        if (response.ok) seen.add(found.operation.operationId)
      }
      return { status: response.status, headers: response.headers, body: parsed, text }
    },
  }
}

function operationOf(document: Document, method: string, path: string) {
  const plain = `/api/v1${path.split('?')[0]}`
  for (const [template, operations] of Object.entries(document.paths)) {
    const operation = operations[method.toLowerCase()]
    const pattern = new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`)
    if (operation === undefined || !pattern.test(plain)) continue
    return {
      operation,
      pointer: `/paths/${template.replaceAll('/', '~1').replace(/[{}]/g, encodeURIComponent)}/${method.toLowerCase()}`,
    }
  }
  return null
}
