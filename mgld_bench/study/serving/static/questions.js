// The questions about a pair: locked until it was watched, answered by mouse or keys, one after the other.
"use strict";

mgld.questions = (() => {
  const form = mgld.byId("questions");
  const fields = [...form.querySelectorAll("fieldset")];
  const next = mgld.byId("next");
  let busy = false;

  const choices = (field) => [...field.querySelectorAll("input")];
  const answer = (field) => choices(field).find((choice) => choice.checked)?.value ?? null;
  const complete = () => fields.every((field) => answer(field) !== null);
  const locked = () => fields[0].disabled;

  // The one that a key answers: the one that has the focus, else the first without an answer, else the last.
  function current() {
    const focused = fields.find((field) => field.contains(document.activeElement));
    return focused ?? fields.find((field) => answer(field) === null) ?? fields.at(-1);
  }

  function update() {
    next.disabled = busy || locked() || !complete();
    const now = locked() ? null : fields.find((field) => answer(field) === null);
    for (const field of fields) field.classList.toggle("current", field === now);
  }

  function lock(locks) {
    for (const field of fields) field.disabled = locks;
    update();
  }

  function reset() {
    busy = false;
    form.reset();
    lock(true);
  }

  // Chooses an answer by its number, and leaves the question, so that the next number is for the next question.
  function choose(number) {
    const field = current();
    const choice = locked() || busy ? null : choices(field)[number - 1];
    if (!choice) return;
    choice.checked = true;
    if (field.contains(document.activeElement)) document.activeElement.blur();
    update();
  }

  form.addEventListener("change", update);

  return {
    form,
    reset,
    unlock: () => lock(false),
    choose,
    complete: () => !locked() && complete(),
    answers: () => fields.map(answer),
    set busy(value) {
      busy = value;
      update();
    },
    get busy() {
      return busy;
    },
  };
})();
