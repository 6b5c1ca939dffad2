// The event that every contender records, signs or stores: a ModelInvoked whose line is about 715 bytes. It is made once,
// so that what is measured is recording and not building an object.

/** The event's fields, as `events.modelInvoked` takes them. */
export const eventFields = {
  modelId: 'model-7',
  promptSha256: 'ab'.repeat(32),
  responseSha256: 'cd'.repeat(32),
  promptTokens: 1234,
  responseTokens: 567,
};

/** The same event as text, as the peer and a program written by hand take it. */
export const eventText = JSON.stringify({
  type: 'ModelInvoked',
  payload: {
    model_id: eventFields.modelId,
    prompt_sha256: eventFields.promptSha256,
    response_sha256: eventFields.responseSha256,
    prompt_tokens: eventFields.promptTokens,
    response_tokens: eventFields.responseTokens,
  },
});
