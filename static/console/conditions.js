// Fields that matter only with some value of another field are hidden without it, unless they have something to mend.

export function showWhatMatters() {
  for (const part of document.querySelectorAll("[data-shown-when]")) {
    const [name, values] = part.dataset.shownWhen.split("=");
    const row = part.closest(".form-row");
    const other = part.form.elements[name];
    const tell = () => {
      row.hidden = !values.split(",").includes(other.value) && !row.querySelector(".errors, .errorlist");
    };
    other.addEventListener("change", tell);
    tell();
  }
}
