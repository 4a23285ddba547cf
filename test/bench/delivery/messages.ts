/** What the processes of the delivery bench tell each other. */

export type ReceiverCommand =
  | { readonly kind: 'listen'; readonly key: string; readonly cert: string }
  | { readonly kind: 'expect'; readonly messages: number }

export interface Received {
  readonly messages: number
  /** Of these, over TLS, and over a resumed session. */
  readonly encrypted: number
  readonly resumed: number
}

export type ReceiverAnswer =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'expecting' }
  | ({ readonly kind: 'received' } & Received)

export interface SenderCommand {
  readonly port: number
  readonly messages: number
  readonly connections: number
  /** Size of a message's text, in bytes. */
  readonly size: number
}

export interface SenderAnswer {
  readonly kind: 'sent'
  /** What the server said when it did not take a message. */
  readonly problem?: string
}
