/**
 * A route of the API: all that the server needs to answer it, and the OpenAPI document to describe it, in one
 * place, so that they agree.
 */
import type { Request, Response } from 'express'
import type { Identity } from './auth/identity.js'
import type { ConsoleContext } from './console-context.js'

/** A JSON Schema (2020-12, as OpenAPI 3.1 uses it). */
export type Schema = Readonly<Record<string, unknown>>

/** Who may use a route at all; owners and domains are looked at in the route. */
export type Needs =
  /** Anybody. */
  | 'nobody'
  /** Any user or token. */
  | 'reader'
  /** A user who signed in; a token is none. */
  | 'session'
  /** An administrator, of all or of some domains. */
  | 'editor'
  /** An administrator of all. */
  | 'admin'
  /** An administrator of all who signed in: a token never makes accounts. */
  | 'admin-session'

/** A request, as a route sees it. */
export interface Call<Body = unknown> {
  readonly context: ConsoleContext
  readonly identity: Identity
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | number | undefined>>
  readonly body: Body
  /** The entity tags of `If-Match`; `null` where there is none. */
  readonly ifMatch: readonly string[] | null
  /** Whether there is `If-None-Match: *`: only what is not there yet may be made. */
  readonly ifNew: boolean
  /** What whoever asks was asked before, as `POST impact` gave it; `null` where that is not said. */
  readonly asked: string | null
  readonly request: Request
  readonly response: Response
}

/** A file that a browser saves. */
export interface ReplyFile {
  /** Its media type. */
  readonly type: string
  /** Its name, of letters, digits and `.-` alone. */
  readonly name: string
  /** Its text, in pieces. */
  readonly content: readonly string[]
}

/** What a route answers. */
export interface Reply {
  /** @default 200, or 204 without a body */
  readonly status?: number
  readonly body?: unknown
  /** In place of a body: a file to be saved, never to be shown here. */
  readonly file?: ReplyFile
  /** Whether the body is the same object each time, and so is written once. */
  readonly constant?: true
  readonly etag?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One route. */
export interface Route<Body = never> {
  readonly method: 'get' | 'post' | 'put' | 'delete'
  /** Behind `api/`, as in `/owners/{owner}/rules`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly needs: Needs
  readonly query?: Readonly<Record<string, Schema>>
  /** Whether the answer is a page of a list, see `paging.ts`; its query has `pageQuery` then. */
  readonly paged?: true
  readonly body?: Schema
  /** Whether it looks through the delivery log, all that waits or the rules of many owners: only some do at a time, see `search-limit.ts`. */
  readonly searches?: true
  /**
   * Whether it shows or changes rules, groups or services: where Haraka takes none from the store, what stands there is not
   * what is in force, and the answer is 503, see `taken.ts`.
   */
  readonly rules?: 'shown' | 'changed'
  /** Whether it looks at a password or makes the hash of one, of which there are only so many at a time. */
  readonly passwords?: true
  /** Whether the request says what it saw with `If-Match`. */
  readonly precondition?: true
  /** Whether it changes what happens to mail: then the request can say with `X-Asked` what was asked before. */
  readonly confirms?: true
  /** What a request that succeeds answers with: status and schema, `null` for no body. */
  readonly answers: Readonly<Record<number, Schema | null>>
  /** The media types that it answers with. @default JSON */
  readonly types?: readonly string[]
  readonly handle: (call: Call<Body>) => Promise<Reply>
}

/** Ties the type of a route's body to what its handler takes. */
export function route<Body>(definition: Route<Body>): Route {
  return definition
}
