import { describe, expect, test } from 'vitest'
import { languageOf, returnPath, ruleFields } from '../../../../src/message/header/rule-fields.ts'

const of = (...lines: string[]) => ruleFields(lines.map((line) => ({ key: line.slice(0, line.indexOf(':')), line })))

describe('the envelope sender that the last server noted (RFC 5321 section 4.4)', () => {
  test.each([
    ['<anna@example.com>', 'anna@example.com'],
    [' < anna@example.com > ', 'anna@example.com'],
    ['anna@example.com', 'anna@example.com'],
    ['<>', ''],
    ['nobody in particular', null],
  ])('%s is %s', (value, path) => {
    expect(returnPath(of(`Return-Path: ${value}`))).toBe(path)
  })

  test('is unknown where there is no such field', () => {
    expect(returnPath(of('From: a@b'))).toBeNull()
  })
})

describe('what the writer reads', () => {
  test.each([
    [['Content-Language: de-DE', 'Accept-Language: fr-FR'], 'de'],
    [['Accept-Language: de-DE, en-US'], 'de'],
    [['Content-Language: EN'], 'en'],
    [['Content-Language: x-klingon', 'Accept-Language: nl'], 'nl'],
    [['Content-Language: german'], null],
    [['Subject: de'], null],
  ])('%s: %s', (lines, language) => {
    expect(languageOf(of(...lines))).toBe(language)
  })
})
