/** The document that tells of the API, made of the same shapes that requests are read by and answers are written by. */
import { z } from 'zod'
import type { Route } from './route.ts'
import { Problem } from './shapes.ts'

type Json = Record<string, unknown>

export function openApiOf(routes: readonly Route[]): Json {
  const components: Json = {}
  const paths: Record<string, Json> = {}
  for (const each of routes) {
    paths[`/api/v1${each.path}`] = {
      ...paths[`/api/v1${each.path}`],
      [each.method.toLowerCase()]: operationOf(each, components),
    }
  }
  schemaOf(Problem, 'output', components)
  return {
    openapi: '3.1.1',
    info: {
      title: 'Mailchute',
      version: '1',
      description: 'What became of every mail, and the actions of an operator. See docs/api.md.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: { schemas: components, responses: { Problem: PROBLEM }, securitySchemes: SECURITY },
  }
}

const SECURITY = {
  token: { type: 'http', scheme: 'bearer', description: 'CONSOLE_TOKEN, or CONSOLE_AUDITOR_TOKEN to read.' },
  session: { type: 'apiKey', in: 'cookie', name: 'mailchute_session', description: 'Writes need X-CSRF-Token, too.' },
}

const PROBLEM = {
  description: 'What is wrong, and what to do about it (RFC 9457).',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** Any request may meet these. */
const PROBLEMS = [400, 401, 429, 500, 503]

function operationOf(route: Route, components: Json): Json {
  const { method, operationId, summary, params, query, body, status, answer, problems } = route
  const refused = [...new Set([...PROBLEMS, ...(method === 'GET' ? [] : [403, 413, 415]), ...problems])].toSorted()
  return {
    operationId,
    summary,
    parameters: [...parametersOf(params, 'path', components), ...parametersOf(query, 'query', components)],
    ...(body === null ? {} : { requestBody: { content: jsonOf(schemaOf(body, 'input', components)) } }),
    responses: {
      [status]: { description: 'Done.', content: contentOf(answer, components) },
      ...Object.fromEntries(refused.map((code) => [code, { $ref: '#/components/responses/Problem' }])),
    },
  }
}

function contentOf(answer: Route['answer'], components: Json): Json {
  if (typeof answer === 'string') return { [answer]: {} }
  return jsonOf(schemaOf(answer, 'output', components))
}

const jsonOf = (schema: Json): Json => ({ 'application/json': { schema } })

function parametersOf(shape: z.ZodObject, place: 'path' | 'query', components: Json): Json[] {
  const { properties = {}, required = [] } = schemaOf(shape, 'input', components) as {
    properties?: Record<string, Json>
    required?: readonly string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }))
}

/** Named parts go to the components, and are referred to. */
function schemaOf(shape: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const wrapped = z.toJSONSchema(z.object({ it: shape }), { io, target: 'draft-2020-12' })
  const { $defs = {}, properties } = JSON.parse(
    JSON.stringify(wrapped).replaceAll('"#/$defs/', '"#/components/schemas/'),
  ) as { $defs?: Record<string, Json>; properties: { it: Json } }
  for (const [id, { id: _, ...definition }] of Object.entries($defs)) components[id] = definition
  return properties.it
}
