/**
 * The one place that names where preact comes from, and where text becomes a part of the page: whatever a view shows, its
 * texts and the attributes that are shown or read aloud have no characters that hide or turn words, and a fingerprint takes a
 * new line between its bytes only. What is typed into a field stays as it is.
 */
import { html as build, type Child, type VNode } from 'htm/preact/standalone'
import { plain } from './plain.js'

export { render, useEffect, useLayoutEffect, useRef, useState } from 'htm/preact/standalone'
export type { Child, Ref, VNode } from 'htm/preact/standalone'

/** Attributes that people read. */
const READ = ['title', 'alt', 'placeholder', 'aria-label', 'aria-description', 'aria-valuetext'] as const
/** In colons or without, as the API has them. */
const FINGERPRINT = /\b(?:[\da-f]{2}:){19,63}[\da-f]{2}\b|\b[\da-f]{64}\b/gi
const BYTES = /[\da-f]{2}:?/gi
/** Those that went through here, as parts of others. */
const done = new WeakSet<object>()

/** htm's tag. */
export function html(strings: TemplateStringsArray, ...values: readonly unknown[]): VNode {
  return shown(build(strings, ...values)) as VNode
}

/** What is preformatted keeps its line ends. */
function lines(text: string): string {
  return text.split(/\r?\n/).map(plain).join('\n')
}

/** What is copied has no more characters than what is given. */
function broken(text: string): Child {
  const parts: Child[] = []
  let end = 0
  for (const { 0: found, index } of text.matchAll(FINGERPRINT)) {
    const bytes = (found.match(BYTES) ?? []).flatMap((byte) => [byte, build`<wbr />`])
    parts.push(text.slice(end, index), ...bytes)
    end = index + found.length
  }
  return parts.length === 0 ? text : [...parts, text.slice(end)]
}

/** The same with its texts fit to be shown; a component's are, once it puts them into an element. */
function shown(child: Child, words: (text: string) => string = plain): Child {
  if (typeof child === 'string') return broken(words(child))
  if (Array.isArray(child)) return child.map((each: Child) => shown(each, words))
  if (typeof child !== 'object' || child === null || done.has(child)) return child
  done.add(child)
  const node = child as VNode
  const props = node.props as Record<string, unknown>
  if (props['children'] !== undefined)
    props['children'] = shown(props['children'] as Child, node.type === 'pre' ? lines : plain)
  if (typeof node.type === 'string')
    for (const name of READ) if (typeof props[name] === 'string') props[name] = plain(props[name])
  return node
}
