// Passkeys: asks the authenticator what the page asks, and sends its answer with the page's form.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const keys = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function created(options) {
    const user = { ...options.user, id: bytes(options.user.id) };
    const asked = { ...options, user, challenge: bytes(options.challenge), excludeCredentials: keys(options.excludeCredentials) };
    const made = await navigator.credentials.create({ publicKey: asked });
    const transports = made.response.getTransports ? made.response.getTransports() : [];
    const response = { clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject), transports };
    return { id: made.id, rawId: text(made.rawId), type: made.type, response };
  }

  async function signed(options) {
    const asked = { ...options, challenge: bytes(options.challenge), allowCredentials: keys(options.allowCredentials) };
    const made = await navigator.credentials.get({ publicKey: asked });
    const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
    const response = { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) };
    if (userHandle) response.userHandle = text(userHandle);
    return { id: made.id, rawId: text(made.rawId), type: made.type, response };
  }

  // A form that was cancelled, or that no authenticator answers, stays: its button asks again.
  async function answer(form) {
    const button = form.querySelector("[data-passkey]");
    const ask = button.dataset.passkey === "create" ? created : signed;
    button.disabled = true;
    try {
      form.querySelector("[data-answer]").value = JSON.stringify(await ask(JSON.parse(form.dataset.options)));
      form.submit();
    } catch (error) {
      button.disabled = false;
      const told = form.querySelector("[data-failed]");
      if (told) told.hidden = false;
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!window.PublicKeyCredential) {
      for (const told of document.querySelectorAll("[data-without-passkeys]")) told.hidden = false;
      return;
    }
    for (const shown of document.querySelectorAll("[data-with-passkeys]")) shown.hidden = false;
    for (const button of document.querySelectorAll("[data-passkey]")) {
      const form = button.form;
      button.addEventListener("click", (event) => {
        event.preventDefault();
        if (form.reportValidity()) answer(form);
      });
      if ("begin" in form.dataset) answer(form);
    }
  });
})();
