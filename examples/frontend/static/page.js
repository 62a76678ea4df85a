"use strict";

const button = document.getElementById("ask");
const answer = document.getElementById("answer");

if (!button.dataset.url) {
  button.disabled = true;
  answer.textContent = "There is no backend in this environment.";
}

button.addEventListener("click", async () => {
  answer.textContent = "Asking…";
  try {
    const response = await fetch(button.dataset.url);
    const told = await response.json();
    answer.textContent = `${told.greeting} (${told.parcels.length} parcels, branch ${told.branch})`;
  } catch (error) {
    answer.textContent = `No answer: ${error.message}`;
  }
});
