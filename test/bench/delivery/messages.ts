/** What the processes of the delivery bench tell each other. */

export type ReceiverCommand =
  | { readonly kind: 'listen'; readonly key: string; readonly cert: string }
  | { readonly kind: 'expect'; readonly messages: number }
  /** Asks to be told when no connection is open. */
  | { readonly kind: 'rest' }

export interface Received {
  readonly messages: number
  /** Of these, over TLS. */
  readonly encrypted: number
}

/** The connections since the last rest. */
export interface Connections {
  readonly connections: number
  /** Of these, with a resumed TLS session. */
  readonly resumed: number
  /** The most at once. */
  readonly most: number
}

export type ReceiverAnswer =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'expecting' }
  | ({ readonly kind: 'received' } & Received)
  | ({ readonly kind: 'resting' } & Connections)

export interface SenderCommand {
  readonly port: number
  readonly messages: number
  readonly connections: number
  /** Size of a message's text, in bytes. */
  readonly size: number
  /** The domains that take turns: so many, from this one on. */
  readonly destinations: number
  readonly first: number
}

export interface SenderAnswer {
  readonly kind: 'sent'
  /** What the server said when it did not take a message. */
  readonly problem?: string
}
