// Fields that matter only with some value of others are hidden without it, unless they have something to mend; a part of
// the form with nothing to show is hidden too. A condition is "type=delta" or "connection.kind=files" (what is told of the
// chosen option), several values by commas, several conditions by "&".

function holds(form, condition) {
  const [asked, values] = condition.split("=");
  const [name, fact] = asked.split(".");
  const other = form.elements[name];
  const value = fact ? (other.selectedOptions[0]?.dataset[fact] ?? "") : other.value;
  return values.split(",").includes(value);
}

function hideEmpty(form) {
  for (const part of form.querySelectorAll("fieldset")) {
    const rows = [...part.querySelectorAll(".form-row")];
    part.hidden = rows.length > 0 && rows.every((row) => row.hidden);
  }
}

export function showWhatMatters() {
  const parts = [...document.querySelectorAll("[data-shown-when]")];
  for (const form of new Set(parts.map((part) => part.form))) {
    const tell = () => {
      for (const part of parts.filter((part) => part.form === form)) {
        const row = part.closest(".form-row");
        const matters = part.dataset.shownWhen.split("&").every((condition) => holds(form, condition));
        row.hidden = !matters && !row.querySelector(".errors, .errorlist");
      }
      hideEmpty(form);
    };
    form.addEventListener("change", tell);
    tell();
  }
}
