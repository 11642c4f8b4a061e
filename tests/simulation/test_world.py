"""The world in which histories are played keeps its own promises."""

from tests.support.simulation.world import Died, Process, World


def test_who_took_its_death_for_another_s_ends_at_its_next_wait() -> None:
    """At the gate one thread acts for many, and what an act raises is told to whoever wanted it."""
    went_on = list[str]()

    def main(_process: Process) -> None:
        try:
            world.sleep(1)
        except Died:
            went_on.append("for a moment")
        world.sleep(1)
        went_on.append("after its death")

    world = World(())
    process = Process("worker", main, restarts=False)
    world.start(process)
    world.at(0.5, lambda: world.kill(process))
    world.run(60)
    assert went_on == ["for a moment"]
