from setuptools import setup

BASE = [
    "h11==0.16.0",  # the wire
    "click<8.1; python_version < '3.10'",
]

setup(
    name="bookshop",
    install_requires=BASE + ["anyio" ">=4"] + read_requirements("more.txt"),
    extras_require={"pretty": ["rich==13.7.0"], "all": find_all()},
    tests_require="""
        iniconfig==2.0.0
        mccabe
    """,
)
